// Rows under ids that change while they are searched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "block.hpp"
#include "gate.hpp"
#include "search.hpp"
#include "thread_pool.hpp"

namespace facekd {

class Index {
 public:
  // Throws std::invalid_argument for a dimension outside 1..kMaxDim or too many threads; 0 is one per core.
  Index(std::size_t dim, bool compact, std::size_t threads);

  // Each throws std::invalid_argument for a wrong id or row, and then nothing has changed.
  void add(std::span<const std::int64_t> ids, const float* rows);
  void remove(std::span<const std::int64_t> ids);
  void replace(std::span<const std::int64_t> ids, const float* rows);

  std::size_t dim() const { return pool_.layout().dim; }
  std::size_t size() const { return gate_.count(); }
  std::vector<std::int64_t> ids() const;  // ascending

  // `allow`: ids that may be found, in any order; others than the index has do no harm.
  void search(const float* queries, std::size_t count, std::size_t k,
              const std::optional<std::span<const std::int64_t>>& allow, std::int64_t* ids,
              float* scores) const;
  Matches matches(const float* queries, std::size_t count, double threshold) const;

 private:
  class Edit;
  using Slot = std::uint32_t;  // block * kBlock + row

  void write(Edit& edit, const std::vector<Slot>& slots, std::span<const std::int64_t> ids,
             const float* rows);
  void commit(Edit& edit, bool forgets);
  Slot slot_of(std::int64_t id) const;

  BlockPool pool_;
  mutable Gate gate_;
  mutable ThreadPool threads_;
  std::mutex writer_;                    // held during a change: one at a time
  mutable std::shared_mutex directory_;  // guards slots_ against a change while `allow` is looked up
  std::unordered_map<std::int64_t, Slot> slots_;
  std::vector<std::pair<std::uint64_t, Block*>> retired_;  // first version without it, block
};

}  // namespace facekd
