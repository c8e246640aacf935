// Blocks of rows and the memory they live in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "facekd/layout.hpp"

namespace facekd {

// kBlock rows with all that belongs to them. A block that readers can see never changes.
struct Block {
  std::uint8_t* coarse;  // int4 copy, then kBlock scales and kBlock slacks; nullptr without compact copies
  std::uint8_t* fine;    // int8 copy, then the same
  std::uint64_t* signs;  // [kBlock, 1 + sign_words]: a row's scale and slack as floats, then its bits; or nullptr
  float* rows;           // [kBlock, stride]
  std::int64_t* ids;     // [kBlock]

  static const float* scales(const std::uint8_t* copy, std::size_t bytes) {
    return reinterpret_cast<const float*>(copy + bytes);
  }
  static const float* slacks(const std::uint8_t* copy, std::size_t bytes) {
    return scales(copy, bytes) + kBlock;
  }
};

// Hands out zeroed blocks and takes them back, wiping them. Each kind of content lies in slabs of its own, so
// that a scan reads one stretch of memory after the other. One thread at a time (the index's writer).
class BlockPool {
 public:
  BlockPool(const Layout& layout, bool compact) : layout_(layout), compact_(compact) {}

  Block* take();
  void give(Block* block);
  void copy(const Block& from, Block& to) const;
  void clear_row(Block& block, std::size_t row) const;  // as if the row had never been written

  // Row `to_row` of `to` becomes a copy of row `from_row` of `from`.
  void copy_row(const Block& from, std::size_t from_row, Block& to, std::size_t to_row) const;
  // Writes a row and its compact copies. False when its length is not 1; then the row is not to be used.
  // Different rows may be written at the same time.
  [[nodiscard]] bool write_row(Block& block, std::size_t row, std::int64_t id, const float* values) const;

  double length_of(const Block& block, std::size_t row) const;

  const Layout& layout() const { return layout_; }
  bool compact() const { return compact_; }

 private:
  struct Free {
    void operator()(std::uint8_t* memory) const;
  };
  using Slab = std::unique_ptr<std::uint8_t, Free>;

  std::size_t coarse_bytes() const { return layout_.bytes4() + kMeta; }
  std::size_t fine_bytes() const { return layout_.bytes8() + kMeta; }
  std::size_t sign_stride() const { return 1 + layout_.sign_words(); }
  std::size_t sign_bytes() const { return kBlock * sign_stride() * sizeof(std::uint64_t); }
  std::size_t row_bytes() const { return kBlock * layout_.stride * sizeof(float); }
  static Slab allocate(std::size_t bytes);
  void grow();

  static constexpr std::size_t kMeta = 2 * kBlock * sizeof(float);

  Layout layout_;
  bool compact_;
  std::vector<Slab> slabs_;
  std::vector<std::unique_ptr<Block[]>> blocks_;
  std::vector<Block*> free_;  // the next one at the back
  std::size_t total_ = 0;
};

}  // namespace facekd
