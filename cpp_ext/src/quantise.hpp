// Vectors of float32 turned into small integers, with the length of what is lost: the numbers that bounds
// need.
#pragma once

#include <cstddef>
#include <cstdint>

namespace facekd {

// Double precision sum of squares of `stride` floats (a multiple of kLanes).
double squared_length(const float* values, std::size_t stride);

// A vector is about scale * integers; the rest has at most the length `slack` (rounded up).
struct Quantised {
  float scale;
  float slack;
};

// Integers -127..127, scale = largest component / 127. `values` holds `stride` floats; writes `dim` integers.
Quantised quantise8(const float* values, std::size_t dim, std::int8_t* integers);

// Places n in kLevels, which stand for scale * kLevels[n]; of several scales the one that loses least.
// `squared`: the sum of the values' squares.
Quantised quantise4(const float* values, std::size_t dim, double squared, std::uint8_t* places);

// What those places lose, as scale * (+1 or -1): bit i is set for +1, the rest has at most the length `slack`.
// `step`: the scale of the places; `bits` holds enough zeroed words of 64.
Quantised quantise1(const float* values, std::size_t dim, float step, const std::uint8_t* places,
                    std::uint64_t* bits);

}  // namespace facekd
