#include "thread_pool.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace facekd {
namespace {

constexpr std::size_t kMostThreads = 1024;

long process() {
#if defined(__unix__) || defined(__APPLE__)
  return static_cast<long>(getpid());
#else
  return 0;
#endif
}

std::size_t cores() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
#endif
  return std::max(1U, std::thread::hardware_concurrency());
}

std::size_t checked(std::size_t threads) {
  if (threads > kMostThreads)
    throw std::invalid_argument("threads: expected 0 (one per core) to " + std::to_string(kMostThreads) +
                                ", got " + std::to_string(threads));
  return threads == 0 ? cores() : threads;
}

}  // namespace

ThreadPool::ThreadPool(std::size_t threads) : size_(checked(threads)), owner_(process()) {}

ThreadPool::~ThreadPool() {
  if (process() != owner_) {  // joining threads that the fork left behind would never end
    for (auto& thread : threads_) thread.detach();
    return;
  }
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void ThreadPool::run(std::size_t helpers, const std::function<void(std::size_t)>& work) {
  helpers = std::min(helpers, size_ - 1);
  std::unique_lock job(job_, std::defer_lock);
  if (helpers == 0 || process() != owner_ || !job.try_lock()) return work(0);
  {
    std::lock_guard lock(mutex_);
    try {
      while (threads_.size() < helpers) {
        const std::size_t worker = threads_.size() + 1;
        threads_.emplace_back([this, worker] { serve(worker); });
      }
    } catch (const std::system_error&) {  // no more threads to be had: those that exist help
    }
    work_ = &work;
    wanted_ = helpers;
    ++number_;
  }
  wake_.notify_all();
  work(0);
  std::unique_lock lock(mutex_);
  work_ = nullptr;  // nobody starts any more
  done_.wait(lock, [this] { return working_ == 0; });
}

void ThreadPool::serve(std::size_t worker) {
  std::uint64_t served = 0;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return stop_ || (work_ != nullptr && number_ != served && worker <= wanted_); });
    if (stop_) return;
    served = number_;
    const auto* work = work_;
    ++working_;
    lock.unlock();
    (*work)(worker);
    lock.lock();
    if (--working_ == 0) done_.notify_one();
  }
}

}  // namespace facekd
