#include "index.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <stdexcept>
#include <string>

#include "facekd/kernel.hpp"

namespace facekd {
namespace {

std::string text(std::int64_t id) { return std::to_string(id); }

void check_ids(std::span<const std::int64_t> ids) {
  std::vector<std::int64_t> sorted(ids.begin(), ids.end());
  std::sort(sorted.begin(), sorted.end());
  if (!sorted.empty() && sorted.front() < 0)
    throw std::invalid_argument("ids: expected 0 or more (-1 marks an empty place), got " +
                                text(sorted.front()));
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end())
    throw std::invalid_argument("ids: expected each id once, but " + text(*twice) + " is repeated");
}

std::size_t checked_dim(std::size_t dim) {
  if (dim < 1 || dim > kMaxDim)
    throw std::invalid_argument("dim: expected 1 to " + std::to_string(kMaxDim) + ", got " +
                                std::to_string(dim));
  return dim;
}

}  // namespace

// A change in the making: copies of the blocks it touches, and where ids move. Undone unless committed.
class Index::Edit {
 public:
  Edit(BlockPool& pool, const Snapshot& from)
      : pool_(pool), blocks_(from.blocks), fresh_(from.blocks.size(), nullptr), count_(from.count) {}
  ~Edit() {
    for (Block* block : fresh_)
      if (block != nullptr) pool_.give(block);
  }
  Edit(const Edit&) = delete;
  Edit& operator=(const Edit&) = delete;

  Block& writable(std::size_t index) {
    if (fresh_[index] == nullptr) {
      fresh_[index] = pool_.take();
      pool_.copy(*blocks_[index], *fresh_[index]);
      replaced_.push_back(blocks_[index]);
      blocks_[index] = fresh_[index];
    }
    return *fresh_[index];
  }

  // A place for a new row; it is to be written before the edit is committed.
  Slot append(std::int64_t id) {
    if (count_ == blocks_.size() * kBlock) {
      blocks_.reserve(blocks_.size() + 1);
      fresh_.reserve(blocks_.size() + 1);
      fresh_.push_back(pool_.take());
      blocks_.push_back(fresh_.back());
    }
    writable(count_ / kBlock);
    added_.emplace_back(id, static_cast<Slot>(count_));
    return static_cast<Slot>(count_++);
  }

  // The last row takes the place of the removed one, so that all blocks but the last stay full.
  void erase(std::int64_t id, Slot slot) {
    const std::size_t last = count_ - 1, tail = last / kBlock;
    if (slot != last) {
      Block& target = writable(slot / kBlock);
      const Block& source = *blocks_[tail];
      pool_.copy_row(source, last % kBlock, target, slot % kBlock);
      moved_[source.ids[last % kBlock]] = slot;
    }
    moved_.erase(id);
    gone_.push_back(id);
    if (last % kBlock == 0) {
      if (fresh_[tail] != nullptr)
        pool_.give(fresh_[tail]);
      else
        replaced_.push_back(blocks_[tail]);
      blocks_.pop_back();
      fresh_.pop_back();
    } else {
      pool_.clear_row(writable(tail), last % kBlock);
    }
    --count_;
  }

  std::optional<Slot> moved(std::int64_t id) const {
    const auto found = moved_.find(id);
    return found == moved_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  friend class Index;
  BlockPool& pool_;
  std::vector<const Block*> blocks_;
  std::vector<Block*> fresh_;           // per block: our copy, or nullptr
  std::vector<const Block*> replaced_;  // blocks that the new state no longer has
  std::vector<std::pair<std::int64_t, Slot>> added_;
  std::unordered_map<std::int64_t, Slot> moved_;
  std::vector<std::int64_t> gone_;
  std::size_t count_;
};

Index::Index(std::size_t dim, bool compact, std::size_t threads)
    : pool_(Layout(checked_dim(dim)), compact), threads_(threads) {
  active_kernel();  // a wrong FACEKD_KERNEL is reported here, not in the first search
}

Index::Slot Index::slot_of(std::int64_t id) const {
  const auto found = slots_.find(id);
  if (found == slots_.end())
    throw std::invalid_argument("ids: expected ids of the index, but " + text(id) + " is not in it");
  return found->second;
}

// Writes rows into their slots, in several threads when there are many: quantising costs more than copying.
void Index::write(Edit& edit, const std::vector<Slot>& slots, std::span<const std::int64_t> ids,
                  const float* rows) {
  for (const Slot slot : slots) edit.writable(slot / kBlock);
  constexpr std::size_t kShare = 256;
  std::atomic<std::size_t> next{0}, wrong{slots.size()};
  const auto work = [&](std::size_t) {
    while (true) {
      const std::size_t first = next.fetch_add(kShare);
      if (first >= slots.size()) return;
      for (std::size_t i = first; i < std::min(slots.size(), first + kShare); ++i) {
        Block& block = *edit.fresh_[slots[i] / kBlock];
        if (pool_.write_row(block, slots[i] % kBlock, ids[i], rows + i * dim())) continue;
        std::size_t least = wrong.load();
        while (i < least && !wrong.compare_exchange_weak(least, i)) {
        }
      }
    }
  };
  threads_.run(slots.size() / (4 * kShare), work);
  if (wrong == slots.size()) return;
  const double length = pool_.length_of(*edit.fresh_[slots[wrong] / kBlock], slots[wrong] % kBlock);
  throw std::invalid_argument("rows: expected vectors of length 1 within 1e-3, row " + std::to_string(wrong) +
                              " has " + std::to_string(length));
}

void Index::add(std::span<const std::int64_t> ids, const float* rows) {
  check_ids(ids);
  std::lock_guard lock(writer_);
  for (const std::int64_t id : ids)
    if (slots_.contains(id))
      throw std::invalid_argument("ids: expected new ids, but " + text(id) +
                                  " is there already; use replace");
  if (gate_.current().count + ids.size() > std::numeric_limits<Slot>::max())
    throw std::invalid_argument("rows: expected at most 2^32 - 1 rows in all");
  Edit edit(pool_, gate_.current());
  std::vector<Slot> slots;
  slots.reserve(ids.size());
  for (const std::int64_t id : ids) slots.push_back(edit.append(id));
  write(edit, slots, ids, rows);
  commit(edit, false);
}

void Index::remove(std::span<const std::int64_t> ids) {
  check_ids(ids);
  std::lock_guard lock(writer_);
  for (const std::int64_t id : ids) slot_of(id);
  Edit edit(pool_, gate_.current());
  for (const std::int64_t id : ids) {
    const auto moved = edit.moved(id);
    edit.erase(id, moved ? *moved : slot_of(id));
  }
  commit(edit, true);
}

void Index::replace(std::span<const std::int64_t> ids, const float* rows) {
  check_ids(ids);
  std::lock_guard lock(writer_);
  std::vector<Slot> slots;
  slots.reserve(ids.size());
  for (const std::int64_t id : ids) slots.push_back(slot_of(id));
  Edit edit(pool_, gate_.current());
  write(edit, slots, ids, rows);
  commit(edit, true);
}

void Index::commit(Edit& edit, bool forgets) {
  auto next = std::make_shared<Snapshot>();
  const std::uint64_t version = gate_.current().version + 1;
  next->blocks = std::move(edit.blocks_);
  next->count = edit.count_;
  next->version = version;
  retired_.reserve(retired_.size() + edit.replaced_.size());
  {
    std::unique_lock lock(directory_);
    if (edit.added_.size() > slots_.size()) slots_.reserve(next->count);
    for (const auto& [id, slot] : edit.added_) slots_.emplace(id, slot);
    for (const auto& [id, slot] : edit.moved_) slots_[id] = slot;
    for (const std::int64_t id : edit.gone_) slots_.erase(id);
    gate_.publish(std::move(next));
  }
  // From here on nothing can fail. The pool owns every block; snapshots see them as const.
  for (const Block* block : edit.replaced_) retired_.emplace_back(version, const_cast<Block*>(block));
  edit.fresh_.clear();
  if (forgets) gate_.wait_for_readers_before(version);
  // Without a removal the old copy holds nothing that was to be forgotten; it may wait for the next change.
  const auto read = [&](const auto& retired) { return gate_.read_before(retired.first); };
  const auto keep = std::partition(retired_.begin(), retired_.end(), read);
  for (auto free = keep; free != retired_.end(); ++free) pool_.give(free->second);
  retired_.erase(keep, retired_.end());
}

std::vector<std::int64_t> Index::ids() const {
  std::vector<std::int64_t> ids;
  {
    const auto reading = gate_.enter();
    ids.reserve(reading->count);
    for (std::size_t b = 0; b < reading->blocks.size(); ++b) {
      const std::int64_t* first = reading->blocks[b]->ids;
      ids.insert(ids.end(), first, first + std::min(kBlock, reading->count - b * kBlock));
    }
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

void Index::search(const float* queries, std::size_t count, std::size_t k,
                   const std::optional<std::span<const std::int64_t>>& allow, std::int64_t* ids,
                   float* scores) const {
  const Searcher searcher(pool_.layout(), pool_.compact(), threads_);
  if (!allow) {
    const auto reading = gate_.enter();
    searcher.best(*reading, queries, count, k, nullptr, ids, scores);
    return;
  }
  std::vector<Slot> slots;
  slots.reserve(allow->size());
  std::shared_lock lock(directory_);  // so that the slots are those of the snapshot
  const auto reading = gate_.enter();
  for (const std::int64_t id : *allow)
    if (const auto found = slots_.find(id); found != slots_.end()) slots.push_back(found->second);
  lock.unlock();
  std::sort(slots.begin(), slots.end());
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  searcher.best(*reading, queries, count, k, &slots, ids, scores);
}

Matches Index::matches(const float* queries, std::size_t count, double threshold) const {
  const auto reading = gate_.enter();
  return Searcher(pool_.layout(), pool_.compact(), threads_).above(*reading, queries, count, threshold);
}

}  // namespace facekd
