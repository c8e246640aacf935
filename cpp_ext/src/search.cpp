#include "search.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>

#include "best.hpp"
#include "facekd/kernel.hpp"
#include "queries.hpp"
#include "scan.hpp"

namespace facekd {
namespace {

constexpr std::size_t kBatch = 192;                          // queries prepared at once
constexpr std::size_t kShare = std::size_t{256} << 10;       // bytes that a thread takes at a time
constexpr std::size_t kWorthAThread = std::size_t{1} << 20;  // bytes for which waking a thread pays
constexpr std::size_t kBeyondCache = std::size_t{8} << 20;   // int8 bytes from which the coarse copy pays
constexpr std::size_t kNear = std::size_t{256} << 10;  // int8 bytes up to which nothing need be fetched early
constexpr float kNone = -std::numeric_limits<float>::infinity();

// The best threshold that any thread has reached for each query; a thread may use another's.
class Thresholds {
 public:
  explicit Thresholds(std::size_t count) : values_(count) {
    for (auto& value : values_) value.store(kNone, std::memory_order_relaxed);
  }
  float get(std::size_t query) const { return values_[query].load(std::memory_order_relaxed); }
  void raise(std::size_t query, float value) {
    float seen = get(query);
    while (seen < value && !values_[query].compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
    }
  }

 private:
  std::vector<std::atomic<float>> values_;
};

class BestSink final : public Sink {
 public:
  // `shared`: nullptr while one thread does all.
  BestSink(std::size_t count, std::size_t k, Thresholds* shared) : k_(k), best_(count, Best(k)), shared_(shared) {}
  float threshold(std::size_t query) const override {
    const float own = best_[query].threshold();
    return shared_ == nullptr ? own : std::max(own, shared_->get(query));
  }
  std::size_t enough() const override { return k_; }
  void offer(std::size_t query, std::int64_t id, double score) override {
    if (best_[query].offer({score, id}) && shared_ != nullptr)
      shared_->raise(query, best_[query].threshold());
  }
  const Best& best(std::size_t query) const { return best_[query]; }

 private:
  std::size_t k_;
  std::vector<Best> best_;
  Thresholds* shared_;
};

class AboveSink final : public Sink {
 public:
  AboveSink(std::size_t count, double threshold)
      : hits_(count), threshold_(threshold), rough_(float_below(threshold)) {}
  float threshold(std::size_t) const override { return rough_; }
  std::size_t enough() const override { return 1; }
  void offer(std::size_t query, std::int64_t id, double score) override {
    if (score >= threshold_) hits_[query].push_back({score, id});
  }
  const std::vector<Hit>& hits(std::size_t query) const { return hits_[query]; }

 private:
  std::vector<std::vector<Hit>> hits_;
  double threshold_;
  float rough_;
};

// Rows that may be found, as one bit per row; empty allows all.
std::vector<std::uint64_t> bitmap(const std::vector<std::uint32_t>* slots, std::size_t blocks) {
  std::vector<std::uint64_t> bits;
  if (slots == nullptr) return bits;
  bits.assign(blocks, 0);
  for (const std::uint32_t slot : *slots) bits[slot / kBlock] |= std::uint64_t{1} << slot % kBlock;
  return bits;
}

struct Plan {
  Copy copy;
  std::size_t share;    // blocks that a thread takes at a time
  std::size_t helpers;  // threads beside the caller
  bool far;             // the rows do not fit into a core's caches
};

Plan plan(const Layout& layout, bool compact, std::size_t blocks, std::size_t queries, std::size_t threads) {
  const std::size_t fine = layout.bytes8() * blocks;
  Plan plan{Copy::rows, 1, 0, fine > kNear};
  std::size_t bytes = kBlock * layout.stride * sizeof(float);
  if (compact) {
    plan.copy = queries == 1 && fine > kBeyondCache ? Copy::coarse : Copy::fine;
    bytes = plan.copy == Copy::coarse ? layout.bytes4() : layout.bytes8();
  }
  // Every further kTile queries cost about as much as reading the rows once more.
  const std::size_t work = bytes * blocks * ((queries + kTile - 1) / kTile);
  plan.share = std::max<std::size_t>(1, kShare / bytes);
  plan.helpers = std::min({work / kWorthAThread, threads - 1, blocks / plan.share});
  return plan;
}

// Runs `work(worker)` in threads and passes on the first exception.
template <typename Work>
void run(ThreadPool& threads, std::size_t helpers, const Work& work) {
  if (helpers == 0) return work(0);
  std::exception_ptr failure;
  std::mutex mutex;
  threads.run(helpers, [&](std::size_t worker) {
    try {
      work(worker);
    } catch (...) {
      std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  });
  if (failure) std::rethrow_exception(failure);
}

// Offers every row that has a chance to the sinks, one sink per thread.
template <typename MakeSink>
void scan(const Snapshot& snapshot, const Layout& layout, const Plan& how, const Queries& queries,
          const std::vector<std::uint64_t>& allowed, ThreadPool& threads, const MakeSink& sink) {
  const std::size_t blocks = snapshot.blocks.size();
  const Kernel& kernel = active_kernel();
  std::atomic<std::size_t> next{0};
  run(threads, how.helpers, [&](std::size_t worker) {
    Scan scan(kernel, layout, queries, how.copy, how.far, sink(worker));
    while (true) {
      const std::size_t first = next.fetch_add(how.share, std::memory_order_relaxed);
      if (first >= blocks) break;
      for (std::size_t b = first; b < std::min(blocks, first + how.share); ++b) {
        const std::uint64_t mask = allowed.empty() ? ~std::uint64_t{0} : allowed[b];
        if (mask != 0) scan.block(*snapshot.blocks[b], std::min(kBlock, snapshot.count - b * kBlock), mask);
      }
    }
    scan.flush();
  });
}

// Whether scoring the allowed rows one by one reads less than scanning a copy of all.
bool few(std::size_t slots, const Snapshot& snapshot, bool compact) {
  return slots * (compact ? 8 : 2) <= snapshot.count;
}

void write(std::vector<Hit>& hits, std::size_t k, std::int64_t* ids, float* scores) {
  const std::size_t found = std::min(k, hits.size());
  std::partial_sort(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(found), hits.end(), better);
  for (std::size_t i = 0; i < k; ++i) {
    ids[i] = i < found ? hits[i].id : -1;
    scores[i] = i < found ? static_cast<float>(hits[i].score) : kNone;
  }
}

}  // namespace

void Searcher::best(const Snapshot& snapshot, const float* vectors, std::size_t count, std::size_t k,
                    const std::vector<std::uint32_t>* slots, std::int64_t* ids, float* scores) const {
  const std::size_t rows = slots != nullptr ? slots->size() : snapshot.count, keep = std::min(k, rows);
  const bool one_by_one = slots != nullptr && few(slots->size(), snapshot, compact_);
  const auto allowed = bitmap(one_by_one ? nullptr : slots, snapshot.blocks.size());
  for (std::size_t first = 0; first < count; first += kBatch) {
    const std::size_t size = std::min(kBatch, count - first);
    const Queries queries(layout_, vectors + first * layout_.dim, size, first);
    const Plan how = plan(layout_, compact_, snapshot.blocks.size(), size, one_by_one ? 1 : threads_.size());
    Thresholds shared(how.helpers > 0 ? size : 0);
    std::vector<std::unique_ptr<BestSink>> sinks(threads_.size());
    const auto sink = [&](std::size_t worker) -> Sink& {
      sinks[worker] = std::make_unique<BestSink>(size, keep, how.helpers > 0 ? &shared : nullptr);
      return *sinks[worker];
    };
    if (keep > 0 && one_by_one) {
      Scan scan(active_kernel(), layout_, queries, Copy::rows, false, sink(0));
      for (const std::uint32_t slot : *slots) scan.row(*snapshot.blocks[slot / kBlock], slot % kBlock);
    } else if (keep > 0) {
      scan(snapshot, layout_, how, queries, allowed, threads_, sink);
    }
    std::vector<Hit> hits;
    for (std::size_t q = 0; q < size; ++q) {
      hits.clear();
      for (const auto& each : sinks)
        if (each) hits.insert(hits.end(), each->best(q).hits().begin(), each->best(q).hits().end());
      write(hits, k, ids + (first + q) * k, scores + (first + q) * k);
    }
  }
}

Matches Searcher::above(const Snapshot& snapshot, const float* vectors, std::size_t count,
                        double threshold) const {
  Matches matches;
  for (std::size_t first = 0; first < count; first += kBatch) {
    const std::size_t size = std::min(kBatch, count - first);
    const Queries queries(layout_, vectors + first * layout_.dim, size, first);
    std::vector<std::unique_ptr<AboveSink>> sinks(threads_.size());
    const Plan how = plan(layout_, compact_, snapshot.blocks.size(), size, threads_.size());
    scan(snapshot, layout_, how, queries, {}, threads_, [&](std::size_t worker) -> Sink& {
      sinks[worker] = std::make_unique<AboveSink>(size, threshold);
      return *sinks[worker];
    });
    std::vector<Hit> hits;
    for (std::size_t q = 0; q < size; ++q) {
      hits.clear();
      for (const auto& each : sinks)
        if (each) hits.insert(hits.end(), each->hits(q).begin(), each->hits(q).end());
      std::sort(hits.begin(), hits.end(), better);
      for (const Hit& hit : hits) {
        matches.queries.push_back(static_cast<std::int64_t>(first + q));
        matches.ids.push_back(hit.id);
        matches.scores.push_back(static_cast<float>(hit.score));
      }
    }
  }
  return matches;
}

}  // namespace facekd
