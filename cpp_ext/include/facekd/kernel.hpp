// The functions that exist once per kind of processor, and the choice between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace facekd {

// A bound on true scores from compact dot products: score <= scale * (step * dot) + slack * per_slack + base.
// docs/native.md derives it.
struct Bound {
  float step;         // of the query's quantisation
  float per_slack;    // |query| + |query's quantisation error|
  float base;         // error of the query, and of the arithmetic that evaluates the bound
  std::int32_t bias;  // what storing unsigned bytes adds to a dot product
};

// A bilinear look-up along a straight line: pixel x is taken at (x0 + u0 + x * du, y0 + v0 + x * dv).
struct Line {
  std::int32_t x0, y0;
  float u0, v0, du, dv;
};

struct Picture {
  const std::uint8_t* pixels;  // [height, width, 3] BGR
  std::int32_t height, width;
};

// Two rows of a picture and how they mix, for one row of a resized picture.
struct ResizeRow {
  const std::uint8_t* upper;
  const std::uint8_t* lower;
  float fraction;               // share of the lower row
  const std::int32_t* offsets;  // per pixel: byte of its left neighbour in a row
  const std::int32_t* steps;    // per pixel: bytes to the right neighbour, 3 or 0 at the border
  const float* fractions;       // per pixel: share of the right neighbour
};

struct Kernel {
  const char* name;

  // dots[q * kBlock + row] = sum of (c + 128) * u for `count` <= kTile queries; tile is [words][count][4].
  void (*dots8)(const std::uint8_t* block, std::size_t words, const std::int8_t* tile, std::size_t count,
                std::int32_t* dots);
  // The same of the int4 copy for one query [words][4]: c = kLevels[n], and a byte holds the n of two words,
  // low bits first.
  void (*dots4)(const std::uint8_t* block, std::size_t words, const std::int8_t* query, std::int32_t* dots);
  // The sum of u where a bit is set; `count` components, a multiple of 4.
  std::int32_t (*signs)(const std::uint64_t* bits, std::size_t count, const std::int8_t* query);
  // Bit r is set where the bound of row r is at least `threshold`.
  std::uint64_t (*reach)(const std::int32_t* dots, const float* scale, const float* slack, const Bound& bound,
                         float threshold);
  // float32 dot products of kBlock rows with a query, in any order of summation.
  void (*dots32)(const float* rows, std::size_t stride, const float* query, float* dots);
  // The exact score: kLanes sums in double in the order of components, then halves added to halves.
  double (*exact)(const float* row, const double* query, std::size_t stride);
  // `count` pixels along a line, rounded, black beyond the borders, to three planes [R, G, B].
  void (*warp)(const Picture& picture, const Line& line, std::size_t count, std::uint8_t* const planes[3]);
  // `count` pixels of a resized row, rounded, to three planes [B, G, R].
  void (*resize)(const ResizeRow& row, std::size_t count, std::uint8_t* const planes[3]);
  // out = (pixel - mean) * scale.
  void (*normalise)(const std::uint8_t* pixels, std::size_t count, float mean, float scale, float* out);
};

extern const Kernel kScalar;
// nullptr where the compiler or the processor does not have it.
const Kernel* avx2_kernel();
const Kernel* avx512_kernel();

// What this machine can run, best first; never empty.
std::vector<const Kernel*> available_kernels();

// The best one, or the one that the environment variable FACEKD_KERNEL names; chosen at the first call.
// Throws std::invalid_argument for a name that does not exist or that this machine cannot run.
const Kernel& active_kernel();

}  // namespace facekd
