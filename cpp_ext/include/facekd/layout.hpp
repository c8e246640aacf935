// How rows lie in memory; every kernel and the index agree on these numbers.
//
// A block holds 64 rows. Its compact copy is four groups of 16 rows; in a group, four components of the 16
// rows stand side by side (64 bytes, one AVX-512 register), then the next four components, and so on:
//
//     byte((group, word, row, i)) = ((group * words + word) * 16 + row) * 4 + i,   component = word * 4 + i
//
// so a kernel gets 16 dot products per register without a horizontal sum. Components are stored as c + 128
// (VNNI multiplies unsigned by signed). The coarse copy has the same order with two words in one: a byte's
// low half belongs to word 2j, its high half to word 2j + 1. The signs of what the coarse copy loses, and the
// float32 rows, filled up with zeros, lie one row after the other.
#pragma once

#include <cstddef>
#include <cstdint>

namespace facekd {

inline constexpr std::size_t kGroup = 16;  // rows side by side in a compact group
inline constexpr std::size_t kBlock = 64;  // rows of a block: what a change copies, what a mask covers
inline constexpr std::size_t kLanes = 16;  // partial sums of an exact score
inline constexpr std::size_t kTile = 6;    // queries that one pass over a block serves

// The 16 levels of the coarse copy, in steps of a row's scale: those that lose least of a normal distribution
// (Max, Quantizing for minimum distortion, IRE Trans. IT 6, 1960), stretched so that the last is 127.
inline constexpr std::int8_t kLevels[16] = {-127, -96, -75, -58, -44, -31, -18, -6,
                                            6,    18,  31,  44,  58,  75,  96,  127};
inline constexpr double kLevelsPerDeviation = 127.0 / 2.733;

inline constexpr std::size_t kMaxDim = 16384;  // integer dot products stay below 2^31 far beyond it
inline constexpr double kUnitTolerance = 1e-3;

constexpr std::size_t round_up(std::size_t value, std::size_t step) {
  return (value + step - 1) / step * step;
}

// Sizes that follow from the dimension.
struct Layout {
  explicit Layout(std::size_t dimension)
      : dim(dimension), stride(round_up(dimension, kLanes)), words(round_up(dimension, 8) / 4) {}

  std::size_t dim;     // components
  std::size_t stride;  // floats from one row to the next, a multiple of kLanes
  std::size_t words;  // groups of four components in the int8 copy; even, so that the int4 copy has words / 2

  std::size_t bytes8() const { return kBlock * words * 4; }
  std::size_t bytes4() const { return kBlock * words * 2; }
  std::size_t sign_words() const { return round_up(words * 4, 64) / 64; }  // of 64 bits, for a row
};

}  // namespace facekd
