// A batch of queries in all the forms that the stages of a search need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "facekd/kernel.hpp"
#include "facekd/layout.hpp"

namespace facekd {

class Queries {
 public:
  // Copies `count` vectors. Throws std::invalid_argument when one has not length 1.
  // `first` is the number of the first one in the caller's array, for the message.
  Queries(const Layout& layout, const float* vectors, std::size_t count, std::size_t first);

  std::size_t count() const { return count_; }
  const float* floats(std::size_t q) const { return floats_.data() + q * layout_.stride; }
  const double* doubles(std::size_t q) const { return doubles_.data() + q * layout_.stride; }

  // Queries first .. first + size - 1, at most kTile of them: [words][size][4].
  std::size_t tile_size(std::size_t first) const { return count_ - first < kTile ? count_ - first : kTile; }
  const std::int8_t* tile(std::size_t first) const { return tiles_.data() + first * layout_.words * 4; }

  const Bound& bound(std::size_t q) const { return bounds_[q]; }
  float float_error() const { return float_error_; }  // of a float32 dot product, in any order

 private:
  Layout layout_;
  std::size_t count_;
  float float_error_;
  std::vector<float> floats_;
  std::vector<double> doubles_;
  std::vector<std::int8_t> tiles_;
  std::vector<Bound> bounds_;
};

}  // namespace facekd
