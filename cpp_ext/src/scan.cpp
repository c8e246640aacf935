#include "scan.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
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
constexpr std::size_t kExactCost = 8;  // of an exact score, in looks at the signs
constexpr float kNone = -std::numeric_limits<float>::infinity();

float float_above(double value) {
  return std::nextafter(static_cast<float>(value), std::numeric_limits<float>::infinity());
}

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
  const bool open = sink_.threshold(0) == kNone;  // much passes; that says nothing about the copy
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
      const Rough rough{bound, scale, slack, dots + i * kBlock};
      float threshold = sink_.threshold(query);
      if (threshold == kNone) threshold = first_threshold(rough, allowed);
      std::uint64_t mask = kernel_.reach(rough.dots, scale, slack, bound, threshold) & allowed;
      found += static_cast<std::size_t>(std::popcount(mask));
      for (; mask != 0; mask &= mask - 1) {
        const auto row = static_cast<std::size_t>(std::countr_zero(mask));
        const float score = rough.score(row);
        push({&block, static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(query),
              score + rough.room(row), coarse ? score : kScored});
      }
    }
  }
  // A handful of candidates may wait, so that their rows arrive together; but not while there is no threshold.
  if (waiting_ >= 16 || open) flush();
  if (!open) adapt(found);
}

// Before there is a threshold: the bound holds downwards as well, so the k-th largest of the lowest scores
// that these rows can have is one.
float Scan::first_threshold(const Rough& rough, std::uint64_t allowed) const {
  const std::size_t enough = sink_.enough();
  if (static_cast<std::size_t>(std::popcount(allowed)) < enough) return kNone;
  float lowest[kBlock] = {};
  std::size_t count = 0;
  for (; allowed != 0; allowed &= allowed - 1) {
    const auto row = static_cast<std::size_t>(std::countr_zero(allowed));
    lowest[count++] = rough.score(row) - rough.room(row);
  }
  float* const kth = lowest + enough - 1;
  std::nth_element(lowest, kth, lowest + count, std::greater<>());
  return *kth;
}

// Whether a row may still belong to the answer. A bound by the coarse copy is first made better by the signs
// of what that copy lost, in double: only `rough` has rounding errors, which the bound counts already.
bool Scan::reaches(Candidate& c) const {
  const float threshold = sink_.threshold(c.query);  // may have risen meanwhile
  if (c.rough != kScored && c.bound >= threshold) {
    const std::uint64_t* signs = signs_of(c);
    float size, slack;
    std::memcpy(&size, signs, sizeof(size));
    std::memcpy(&slack, reinterpret_cast<const char*>(signs) + sizeof(size), sizeof(slack));
    const Bound& bound = queries_.bound(c.query);
    const std::int32_t dot = 2 * kernel_.signs(signs + 1, layout_.words * 4, queries_.tile(0)) - bound.bias / 128;
    const double highest = static_cast<double>(c.rough) +
                           static_cast<double>(size) * static_cast<double>(bound.step) * dot +
                           static_cast<double>(slack) * static_cast<double>(bound.per_slack) +
                           static_cast<double>(bound.base);
    c.bound = std::min(c.bound, float_above(highest));
  }
  return c.bound >= threshold;
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
      push({&block, static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(query), dots[row] + error,
            kScored});
    }
    flush();  // the rows are still in the cache
  }
}

void Scan::push(const Candidate& candidate) {
  if (far_) {
    if (candidate.rough != kScored)
      prefetch(signs_of(candidate), (1 + layout_.sign_words()) * sizeof(std::uint64_t));
    else
      prefetch(candidate.block->rows + candidate.row * layout_.stride, 256);
  }
  candidates_[waiting_++] = candidate;
  if (waiting_ == kWaiting) flush();
}

void Scan::flush() {
  std::size_t left = 0;
  for (std::size_t i = 0; i < waiting_; ++i) {
    if (!reaches(candidates_[i])) continue;
    if (far_ && candidates_[i].rough != kScored)
      prefetch(candidates_[i].block->rows + candidates_[i].row * layout_.stride, 256);
    candidates_[left++] = candidates_[i];
  }
  for (std::size_t i = 0; i < left; ++i) {
    if (far_ && i + 2 < left) {
      const Candidate& ahead = candidates_[i + 2];
      prefetch(ahead.block->rows + ahead.row * layout_.stride, layout_.stride * sizeof(float));
    }
    const Candidate& c = candidates_[i];
    if (c.bound < sink_.threshold(c.query)) continue;
    if (c.rough != kScored) seen_candidates_ += kExactCost;
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

// A copy pays while at most every second row passes its bound; of the coarse copy's candidates, those that the
// signs do not settle count kExactCost. Beyond, the next better copy takes over for a while, then the scan
// tries again.
void Scan::adapt(std::size_t candidates) {
  seen_candidates_ += candidates;
  if (++seen_blocks_ * queries_.count() < kProbe) return;
  if (2 * seen_candidates_ > seen_blocks_ * kBlock * queries_.count()) {
    now_ = now_ == Copy::coarse ? Copy::fine : Copy::rows;
    pause_ = next_pause_;
    next_pause_ = std::min(2 * next_pause_, kLongestPause);
  } else if (now_ == first_) {
    next_pause_ = kFirstPause;
  }
  seen_candidates_ = seen_blocks_ = 0;
}

}  // namespace facekd
