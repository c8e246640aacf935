// One thread's way over the rows: rough scores with a bound, exact scores where the bound leaves a chance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "block.hpp"
#include "facekd/kernel.hpp"
#include "queries.hpp"

namespace facekd {

// Who receives exact scores; one per thread.
class Sink {
 public:
  virtual ~Sink() = default;
  // Rows whose score is surely below need not be offered.
  virtual float threshold(std::size_t query) const = 0;
  // How many rows with a score of at least x make x a threshold.
  virtual std::size_t enough() const = 0;
  virtual void offer(std::size_t query, std::int64_t id, double score) = 0;
};

// Which copy of the rows a scan reads.
enum class Copy { coarse, fine, rows };

class Scan {
 public:
  Scan(const Kernel& kernel, const Layout& layout, const Queries& queries, Copy first, bool far, Sink& sink);

  // Scores `count` <= kBlock rows of a block with every query. `allowed`: bit r clear keeps row r out.
  void block(const Block& block, std::size_t count, std::uint64_t allowed);
  // Scores the rows that are still waiting. To be called at the end.
  void flush();

  // Scores one row exactly with every query.
  void row(const Block& block, std::size_t row);

 private:
  struct Candidate {
    const Block* block;
    std::uint32_t row, query;
    float bound;  // the score is at most this
    float rough;  // the score by the coarse copy; kScored where the bound does not come from it
  };

  void compact_block(const Block& block, std::uint64_t allowed, Copy copy);
  void plain_block(const Block& block, std::uint64_t allowed);
  // One query's rough scores of a block.
  struct Rough {
    const Bound& bound;
    const float* scale;
    const float* slack;
    const std::int32_t* dots;

    float score(std::size_t row) const {
      return scale[row] * (bound.step * static_cast<float>(dots[row] - bound.bias));
    }
    float room(std::size_t row) const { return slack[row] * bound.per_slack + bound.base; }
  };

  float first_threshold(const Rough& rough, std::uint64_t allowed) const;
  bool reaches(Candidate& candidate) const;
  const std::uint64_t* signs_of(const Candidate& candidate) const {
    return candidate.block->signs + candidate.row * (1 + layout_.sign_words());
  }
  void push(const Candidate& candidate);
  void adapt(std::size_t candidates);

  static constexpr std::size_t kWaiting = 256;
  static constexpr float kScored = 2.0F;  // no score is that large

  const Kernel& kernel_;
  const Layout& layout_;
  const Queries& queries_;
  Sink& sink_;
  const bool far_;                      // rows come from memory: worth asking for early
  const Copy first_;                    // the copy that the scan would like to read
  Copy now_;                            // the one it reads after what it has seen
  std::size_t next_pause_, pause_ = 0;  // blocks
  std::size_t seen_blocks_ = 0, seen_candidates_ = 0;
  std::size_t waiting_ = 0;
  Candidate candidates_[kWaiting];
};

}  // namespace facekd
