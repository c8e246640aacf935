// A fixed set of threads that help the caller with one job at a time.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace facekd {

class ThreadPool {
 public:
  // `threads` that work on a job, the caller's among them; 0 is one per core that this process may use.
  explicit ThreadPool(std::size_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  std::size_t size() const { return size_; }

  // Calls work(0) here and, at the same time, work(1) .. work(helpers) in threads that are free. Work is
  // shared out by the jobs themselves, so a helper that wakes up late, or never, costs nothing: work(0) alone
  // must be enough. Another caller's job running means no help. `work` must not throw.
  void run(std::size_t helpers, const std::function<void(std::size_t)>& work);

 private:
  void serve(std::size_t worker);

  const std::size_t size_;
  const long owner_;  // process that started the threads: after a fork the child has none
  std::mutex job_;    // held by the caller whose job runs
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_, done_;
  const std::function<void(std::size_t)>* work_ = nullptr;
  std::uint64_t number_ = 0;  // of the job
  std::size_t wanted_ = 0, working_ = 0;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace facekd
