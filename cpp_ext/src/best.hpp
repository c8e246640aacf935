// The k best of a query so far.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace facekd {

struct Hit {
  double score;
  std::int64_t id;
};

inline bool better(const Hit& a, const Hit& b) {
  return a.score > b.score || (a.score == b.score && a.id < b.id);
}

// The largest float that is not above a double: a threshold in float32 that lets nothing through the fingers.
inline float float_below(double value) {
  const auto rounded = static_cast<float>(value);
  return static_cast<double>(rounded) <= value
             ? rounded
             : std::nextafter(rounded, -std::numeric_limits<float>::infinity());
}

// Keeps the `k` best hits; the worst of them is on top.
class Best {
 public:
  explicit Best(std::size_t k) : k_(k) { hits_.reserve(k); }

  bool full() const { return hits_.size() == k_; }

  // A hit below this cannot get in any more.
  float threshold() const { return threshold_; }

  // Whether the threshold may have changed.
  bool offer(const Hit& hit) {
    if (!full()) {
      hits_.push_back(hit);
      std::push_heap(hits_.begin(), hits_.end(), better);
      if (!full()) return false;
    } else {
      if (!better(hit, hits_.front())) return false;
      sink(hit);
    }
    threshold_ = float_below(hits_.front().score);
    return true;
  }

  const std::vector<Hit>& hits() const { return hits_; }

 private:
  // Puts a hit in the place of the worst: one way down, where popping and pushing would go down and up again.
  void sink(const Hit& hit) {
    std::size_t hole = 0;
    for (std::size_t child = 1; child < k_; child = 2 * hole + 1) {
      if (child + 1 < k_ && better(hits_[child], hits_[child + 1])) ++child;
      if (!better(hit, hits_[child])) break;
      hits_[hole] = hits_[child];
      hole = child;
    }
    hits_[hole] = hit;
  }

  std::size_t k_;
  float threshold_ = -std::numeric_limits<float>::infinity();
  std::vector<Hit> hits_;
};

}  // namespace facekd
