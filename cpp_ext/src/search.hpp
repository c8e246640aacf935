// Searches over a snapshot: shares the blocks out among threads and puts their answers together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gate.hpp"
#include "thread_pool.hpp"

namespace facekd {

// Pairs of a query and a row: by query, then best first, equals by lower id.
struct Matches {
  std::vector<std::int64_t> queries, ids;
  std::vector<float> scores;
};

class Searcher {
 public:
  Searcher(const Layout& layout, bool compact, ThreadPool& threads)
      : layout_(layout), compact_(compact), threads_(threads) {}

  // The k best of each query, [count, k], filled up with -1 and -infinity. `slots`, sorted: the only rows
  // that may be found; nullptr allows all. Throws std::invalid_argument for a query that has not length 1.
  void best(const Snapshot& snapshot, const float* queries, std::size_t count, std::size_t k,
            const std::vector<std::uint32_t>* slots, std::int64_t* ids, float* scores) const;

  // All pairs with a score of at least `threshold`.
  Matches above(const Snapshot& snapshot, const float* queries, std::size_t count, double threshold) const;

 private:
  const Layout& layout_;
  bool compact_;
  ThreadPool& threads_;
};

}  // namespace facekd
