// What readers see, and who is still reading what: the meeting point of searches and changes.
//
// A change prepares new blocks aside, publishes a new snapshot with one pointer, and waits until the last
// reader of an older one has left; only then does it wipe the memory of what it removed. Readers never wait
// for more than the few instructions that the mutex guards.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "block.hpp"

namespace facekd {

// A state of the index: all blocks are full but the last. Never changes.
struct Snapshot {
  std::vector<const Block*> blocks;
  std::size_t count = 0;      // rows
  std::uint64_t version = 0;  // grows by one with every change
};

class Gate {
 public:
  // Keeps a snapshot and its blocks alive for as long as it lives.
  class Reading {
   public:
    Reading(Gate& gate, std::shared_ptr<const Snapshot> snapshot)
        : gate_(gate), snapshot_(std::move(snapshot)) {}
    ~Reading() { gate_.leave(snapshot_->version); }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    const Snapshot& operator*() const { return *snapshot_; }
    const Snapshot* operator->() const { return snapshot_.get(); }

   private:
    Gate& gate_;
    std::shared_ptr<const Snapshot> snapshot_;
  };

  Reading enter() {
    std::lock_guard lock(mutex_);
    if (readers_.empty() || readers_.back().first != current_->version)
      readers_.emplace_back(current_->version, 0);
    ++readers_.back().second;
    return {*this, current_};
  }

  std::size_t count() const {
    std::lock_guard lock(mutex_);
    return current_->count;
  }

  // For the writer alone, who is also the only one to publish.
  const Snapshot& current() const { return *current_; }

  void publish(std::shared_ptr<const Snapshot> next) {
    std::lock_guard lock(mutex_);
    current_.swap(next);
  }

  // Whether readers of snapshots older than `version` remain.
  bool read_before(std::uint64_t version) const {
    std::lock_guard lock(mutex_);
    return !readers_.empty() && readers_.front().first < version;
  }

  void wait_for_readers_before(std::uint64_t version) {
    std::unique_lock lock(mutex_);
    left_.wait(lock, [&] { return readers_.empty() || readers_.front().first >= version; });
  }

 private:
  void leave(std::uint64_t version) {
    std::lock_guard lock(mutex_);
    auto place = readers_.begin();
    while (place->first != version) ++place;
    if (--place->second > 0) return;
    readers_.erase(place);
    left_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable left_;
  std::shared_ptr<const Snapshot> current_ = std::make_shared<const Snapshot>();
  std::vector<std::pair<std::uint64_t, std::size_t>> readers_;  // version, readers; oldest first
};

}  // namespace facekd
