#include "block.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>

#include "quantise.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace facekd {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kLargestSlab = std::size_t{64} << 20;

// memset that the compiler may not leave out because nobody reads the memory afterwards.
void wipe(void* memory, std::size_t bytes) {
  std::memset(memory, 0, bytes);
#if defined(__GNUC__) || defined(__clang__)
  __asm__ __volatile__("" : : "r"(memory) : "memory");
#endif
}

// Where component `i` of `row` lies in the int8 copy, and its pair in the int4 copy.
std::size_t place8(std::size_t words, std::size_t row, std::size_t word) {
  return ((row / kGroup * words + word) * kGroup + row % kGroup) * 4;
}

}  // namespace

void BlockPool::Free::operator()(std::uint8_t* memory) const { std::free(memory); }

BlockPool::Slab BlockPool::allocate(std::size_t bytes) {
  const std::size_t alignment = bytes >= kHugePage ? kHugePage : 64;
  void* memory = std::aligned_alloc(alignment, round_up(bytes, alignment));
  if (memory == nullptr) throw std::bad_alloc();
#if defined(__linux__)
  if (alignment == kHugePage) madvise(memory, round_up(bytes, alignment), MADV_HUGEPAGE);  // only ever a hint
#endif
  std::memset(memory, 0, bytes);
  return Slab(static_cast<std::uint8_t*>(memory));
}

void BlockPool::grow() {
  const std::size_t per_block =
      row_bytes() + kBlock * sizeof(std::int64_t) + (compact_ ? coarse_bytes() + fine_bytes() + sign_bytes() : 0);
  const std::size_t count =
      std::clamp<std::size_t>(kLargestSlab / per_block, 1, std::max<std::size_t>(total_, 1));
  slabs_.reserve(slabs_.size() + 5);
  blocks_.reserve(blocks_.size() + 1);
  free_.reserve(total_ + count);  // so that give() never allocates
  auto blocks = std::make_unique<Block[]>(count);
  Slab rows = allocate(count * row_bytes()), ids = allocate(count * kBlock * sizeof(std::int64_t));
  Slab coarse, fine, signs;
  if (compact_) {
    coarse = allocate(count * coarse_bytes());
    fine = allocate(count * fine_bytes());
    signs = allocate(count * sign_bytes());
  }
  for (std::size_t i = count; i-- > 0;) {
    blocks[i] = {compact_ ? coarse.get() + i * coarse_bytes() : nullptr,
                 compact_ ? fine.get() + i * fine_bytes() : nullptr,
                 compact_ ? reinterpret_cast<std::uint64_t*>(signs.get() + i * sign_bytes()) : nullptr,
                 reinterpret_cast<float*>(rows.get() + i * row_bytes()),
                 reinterpret_cast<std::int64_t*>(ids.get()) + i * kBlock};
    free_.push_back(&blocks[i]);
  }
  total_ += count;
  blocks_.push_back(std::move(blocks));
  slabs_.push_back(std::move(rows));
  slabs_.push_back(std::move(ids));
  if (!compact_) return;
  slabs_.push_back(std::move(coarse));
  slabs_.push_back(std::move(fine));
  slabs_.push_back(std::move(signs));
}

Block* BlockPool::take() {
  if (free_.empty()) grow();
  Block* block = free_.back();
  free_.pop_back();
  return block;
}

void BlockPool::give(Block* block) {
  wipe(block->rows, row_bytes());
  wipe(block->ids, kBlock * sizeof(std::int64_t));
  if (compact_) {
    wipe(block->coarse, coarse_bytes());
    wipe(block->fine, fine_bytes());
    wipe(block->signs, sign_bytes());
  }
  free_.push_back(block);
}

void BlockPool::copy(const Block& from, Block& to) const {
  std::memcpy(to.rows, from.rows, row_bytes());
  std::memcpy(to.ids, from.ids, kBlock * sizeof(std::int64_t));
  if (!compact_) return;
  std::memcpy(to.coarse, from.coarse, coarse_bytes());
  std::memcpy(to.fine, from.fine, fine_bytes());
  std::memcpy(to.signs, from.signs, sign_bytes());
}

void BlockPool::copy_row(const Block& from, std::size_t from_row, Block& to, std::size_t to_row) const {
  std::memcpy(to.rows + to_row * layout_.stride, from.rows + from_row * layout_.stride,
              layout_.stride * sizeof(float));
  to.ids[to_row] = from.ids[from_row];
  if (!compact_) return;
  for (std::size_t word = 0; word < layout_.words; ++word)
    std::memcpy(to.fine + place8(layout_.words, to_row, word),
                from.fine + place8(layout_.words, from_row, word), 4);
  for (std::size_t pair = 0; pair < layout_.words / 2; ++pair)
    std::memcpy(to.coarse + place8(layout_.words / 2, to_row, pair),
                from.coarse + place8(layout_.words / 2, from_row, pair), 4);
  const auto copy_meta = [&](const std::uint8_t* source, std::uint8_t* target, std::size_t bytes) {
    auto* meta = reinterpret_cast<float*>(target + bytes);
    meta[to_row] = Block::scales(source, bytes)[from_row];
    meta[kBlock + to_row] = Block::slacks(source, bytes)[from_row];
  };
  std::memcpy(to.signs + to_row * sign_stride(), from.signs + from_row * sign_stride(),
              sign_stride() * sizeof(std::uint64_t));
  copy_meta(from.coarse, to.coarse, layout_.bytes4());
  copy_meta(from.fine, to.fine, layout_.bytes8());
}

void BlockPool::clear_row(Block& block, std::size_t row) const {
  wipe(block.rows + row * layout_.stride, layout_.stride * sizeof(float));
  block.ids[row] = 0;
  if (!compact_) return;
  for (std::size_t word = 0; word < layout_.words; ++word)
    std::memset(block.fine + place8(layout_.words, row, word), 0, 4);
  for (std::size_t pair = 0; pair < layout_.words / 2; ++pair)
    std::memset(block.coarse + place8(layout_.words / 2, row, pair), 0, 4);
  const auto clear_meta = [&](std::uint8_t* copy, std::size_t bytes) {
    auto* meta = reinterpret_cast<float*>(copy + bytes);
    meta[row] = meta[kBlock + row] = 0;
  };
  std::memset(block.signs + row * sign_stride(), 0, sign_stride() * sizeof(std::uint64_t));
  clear_meta(block.coarse, layout_.bytes4());
  clear_meta(block.fine, layout_.bytes8());
}

bool BlockPool::write_row(Block& block, std::size_t row, std::int64_t id, const float* values) const {
  float* target = block.rows + row * layout_.stride;
  std::memcpy(target, values, layout_.dim * sizeof(float));
  std::fill(target + layout_.dim, target + layout_.stride, 0.0F);
  block.ids[row] = id;
  // Judged after copying: the caller's array may change under us, this copy does not.
  const double squared = squared_length(target, layout_.stride), length = std::sqrt(squared);
  if (!(std::abs(length - 1.0) <= kUnitTolerance)) return false;  // "not <=" also catches NaN
  if (!compact_) return true;

  std::int8_t integers[kMaxDim];
  const Quantised fine = quantise8(target, layout_.dim, integers);
  std::fill(integers + layout_.dim, integers + layout_.words * 4, std::int8_t{0});
  for (std::size_t i = 0; i < layout_.words * 4; ++i)
    integers[i] = static_cast<std::int8_t>(integers[i] ^ -128);
  std::uint8_t* fine_bytes = block.fine + place8(layout_.words, row, 0);
  for (std::size_t word = 0; word < layout_.words; ++word)
    std::memcpy(fine_bytes + word * kGroup * 4, integers + word * 4, 4);

  std::uint8_t levels[kMaxDim];
  const Quantised coarse = quantise4(target, layout_.dim, squared, levels);
  std::uint64_t* signs = block.signs + row * sign_stride();
  std::fill(signs, signs + sign_stride(), std::uint64_t{0});
  const Quantised rest = quantise1(target, layout_.dim, coarse.scale, levels, signs + 1);
  std::memcpy(signs, &rest, sizeof(std::uint64_t));
  std::fill(levels + layout_.dim, levels + layout_.words * 4, std::uint8_t{0});
  std::uint8_t* coarse_bytes = block.coarse + place8(layout_.words / 2, row, 0);
  for (std::size_t pair = 0; pair < layout_.words / 2; ++pair)
    for (std::size_t i = 0; i < 4; ++i)
      coarse_bytes[pair * kGroup * 4 + i] =
          static_cast<std::uint8_t>(levels[pair * 8 + i] | levels[pair * 8 + 4 + i] << 4);

  const auto write_meta = [&](std::uint8_t* copy, std::size_t bytes, const Quantised& quantised) {
    auto* meta = reinterpret_cast<float*>(copy + bytes);
    meta[row] = quantised.scale;
    meta[kBlock + row] = quantised.slack;
  };
  write_meta(block.coarse, layout_.bytes4(), coarse);
  write_meta(block.fine, layout_.bytes8(), fine);
  return true;
}

double BlockPool::length_of(const Block& block, std::size_t row) const {
  return std::sqrt(squared_length(block.rows + row * layout_.stride, layout_.stride));
}

}  // namespace facekd
