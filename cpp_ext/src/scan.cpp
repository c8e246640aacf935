#include "scan.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace facekd {
namespace {

void prefetch([[maybe_unused]] const void* memory, [[maybe_unused]] std::size_t bytes) {
#if defined(__GNUC__) || defined(__clang__)
  for (std::size_t at = 0; at < bytes; at += 64) __builtin_prefetch(static_cast<const char*>(memory) + at);
#endif
}

// After this many blocks (fewer with several queries) the scan asks whether the copy it reads is worth it; if
// not, it reads a better one for a while, twice as long each time in a row.
constexpr std::size_t kProbe = 4;
constexpr std::size_t kFirstPause = 32, kLongestPause = 256;

}  // namespace

Scan::Scan(const Kernel& kernel, const Layout& layout, const Queries& queries, Copy first, bool far,
           Sink& sink)
    : kernel_(kernel),
      layout_(layout),
      queries_(queries),
      sink_(sink),
      far_(far),
      first_(first),
      now_(first),
      next_pause_(kFirstPause) {}

void Scan::block(const Block& block, std::size_t count, std::uint64_t allowed) {
  if (count < kBlock) allowed &= (std::uint64_t{1} << count) - 1;
  if (now_ == Copy::rows)
    plain_block(block, allowed);
  else
    compact_block(block, allowed, now_);
  if (pause_ > 0 && --pause_ == 0) now_ = first_, seen_blocks_ = seen_candidates_ = 0;
}

void Scan::compact_block(const Block& block, std::uint64_t allowed, Copy copy) {
  alignas(64) std::int32_t dots[kTile * kBlock];
  const bool coarse = copy == Copy::coarse;
  const std::uint8_t* bytes = coarse ? block.coarse : block.fine;
  const float* scale = Block::scales(bytes, coarse ? layout_.bytes4() : layout_.bytes8());
  const float* slack = scale + kBlock;
  std::size_t found = 0;
  for (std::size_t first = 0; first < queries_.count(); first += kTile) {
    const std::size_t size = queries_.tile_size(first);
    if (coarse)  // only ever for a single query
      kernel_.dots4(bytes, layout_.words, queries_.tile(0), dots);
    else
      kernel_.dots8(bytes, layout_.words, queries_.tile(first), size, dots);
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t query = first + i;
      const Bound& bound = queries_.bound(query);
      const std::uint64_t mask =
          kernel_.reach(dots + i * kBlock, scale, slack, bound, sink_.threshold(query)) & allowed;
      if (mask == 0) continue;
      found += static_cast<std::size_t>(std::popcount(mask));
      collect(block, query, mask, bound, scale, slack, dots + i * kBlock);
    }
  }
  adapt(found);
}

void Scan::collect(const Block& block, std::size_t query, std::uint64_t mask, const Bound& bound,
                   const float* scale, const float* slack, const std::int32_t* dots) {
  for (; mask != 0; mask &= mask - 1) {
    const auto row = static_cast<std::size_t>(std::countr_zero(mask));
    const float dot = bound.step * static_cast<float>(dots[row] - bound.bias);
    const float highest = scale[row] * dot + (slack[row] * bound.per_slack + bound.base);
    push({&block, static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(query), highest});
  }
}

void Scan::plain_block(const Block& block, std::uint64_t allowed) {
  alignas(64) float dots[kBlock];
  const float error = queries_.float_error();
  for (std::size_t query = 0; query < queries_.count(); ++query) {
    kernel_.dots32(block.rows, layout_.stride, queries_.floats(query), dots);
    std::uint64_t mask = 0;
    const float threshold = sink_.threshold(query);
    for (std::size_t row = 0; row < kBlock; ++row)
      mask |= static_cast<std::uint64_t>(dots[row] + error >= threshold) << row;
    for (mask &= allowed; mask != 0; mask &= mask - 1) {
      const auto row = static_cast<std::size_t>(std::countr_zero(mask));
      push({&block, static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(query), dots[row] + error});
    }
    flush();  // the rows are still in the cache
  }
}

void Scan::push(const Candidate& candidate) {
  if (far_) prefetch(candidate.block->rows + candidate.row * layout_.stride, 256);
  candidates_[waiting_++] = candidate;
  if (waiting_ == kWaiting) flush();
}

void Scan::flush() {
  for (std::size_t i = 0; i < waiting_; ++i) {
    if (far_ && i + 2 < waiting_) {
      const Candidate& ahead = candidates_[i + 2];
      prefetch(ahead.block->rows + ahead.row * layout_.stride, layout_.stride * sizeof(float));
    }
    const Candidate& c = candidates_[i];
    if (c.bound < sink_.threshold(c.query)) continue;  // the threshold may have risen meanwhile
    sink_.offer(
        c.query, c.block->ids[c.row],
        kernel_.exact(c.block->rows + c.row * layout_.stride, queries_.doubles(c.query), layout_.stride));
  }
  waiting_ = 0;
}

void Scan::row(const Block& block, std::size_t row) {
  for (std::size_t query = 0; query < queries_.count(); ++query)
    sink_.offer(query, block.ids[row],
                kernel_.exact(block.rows + row * layout_.stride, queries_.doubles(query), layout_.stride));
}

// A copy pays while few rows pass its bound: the coarse one up to 1 in 32, the fine one up to 1 in 2. Beyond,
// the next better copy takes over for a while, then the scan tries again.
void Scan::adapt(std::size_t candidates) {
  // A handful of candidates may wait, so that their rows arrive together; but not while there is no
  // threshold.
  const bool open = sink_.threshold(0) == -std::numeric_limits<float>::infinity();
  if (waiting_ >= 16 || (waiting_ > 0 && open)) flush();
  if (open) return;  // everything passes; that says nothing about the copy
  seen_candidates_ += candidates;
  if (++seen_blocks_ * queries_.count() < kProbe) return;
  const std::size_t rows = seen_blocks_ * kBlock * queries_.count(), share = now_ == Copy::coarse ? 32 : 2;
  if (seen_candidates_ * share > rows) {
    now_ = now_ == Copy::coarse ? Copy::fine : Copy::rows;
    pause_ = next_pause_;
    next_pause_ = std::min(2 * next_pause_, kLongestPause);
  } else if (now_ == first_) {
    next_pause_ = kFirstPause;
  }
  seen_candidates_ = seen_blocks_ = 0;
}

}  // namespace facekd
