// Threads that do one piece of work together at a time. They are started with the team and joined
// with it, within one call from R, so that nothing of them is left where a process forks. What each
// does never depends on how many they are: only who does it.
#pragma once
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <system_error>
#include <thread>
#include <type_traits>
#include <vector>

namespace backprop {

class Team {
 public:
  // One member's part of the work.
  class Share {
   public:
    Share(Team& team, std::size_t index) : team_(team), index_(index) {}
    bool first() const { return index_ == 0; }
    // Calls f(begin, end) with this member's part of 0, ..., count - 1, cut at multiples of `unit`.
    template <class F> void part_of(std::size_t count, std::size_t unit, F&& f) const {
      const std::size_t units = (count + unit - 1) / unit, members = team_.size();
      const std::size_t begin = units * index_ / members * unit,
                        end = std::min(count, units * (index_ + 1) / members * unit);
      if (begin < end) f(begin, end);
    }
    // Waits until all members are here.
    void meet() const { team_.meet(); }

   private:
    Team& team_;
    std::size_t index_;
  };

  // Where the system gives fewer threads, there are fewer: the results are the same.
  explicit Team(std::size_t size) {
    threads_.reserve(size);
    try {
      for (std::size_t i = 1; i < size; ++i) threads_.emplace_back([this, i] { serve(i); });
    } catch (const std::system_error&) {
    }
  }
  ~Team() {
    ended_.store(true);
    start();
    for (std::thread& thread : threads_) thread.join();
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  std::size_t size() const { return threads_.size() + 1; }

  // Every member calls f(share), which must not throw; returns when all have done so.
  template <class F> void run(F&& f) {
    if (threads_.empty()) return f(Share(*this, 0));
    context_ = &f;
    call_ = [](void* context, const Share& share) {
      (*static_cast<std::remove_reference_t<F>*>(context))(share);
    };
    start();
    f(Share(*this, 0));
    meet();
  }

 private:
  void start() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      work_.fetch_add(1);
    }
    wake_.notify_all();
  }
  void serve(std::size_t index) {
    for (unsigned done = 0;; ++done) {
      wait_until([&] { return work_.load() != done; });
      if (ended_.load()) return;
      call_(context_, Share(*this, index));
      meet();
    }
  }
  void meet() {
    if (threads_.empty()) return;
    const unsigned round = round_.load();
    if (here_.fetch_add(1) + 1 == size()) {
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        here_.store(0);
        round_.fetch_add(1);
      }
      wake_.notify_all();
    } else {
      wait_until([&] { return round_.load() != round; });
    }
  }
  // Looks for a while, as the others are mostly near; then sleeps, to leave the processor to them
  // where there are fewer than members.
  template <class F> void wait_until(F&& condition) {
    for (int look = 0; look < 4000; ++look) {
      if (condition()) return;
      if (look % 64 == 63) std::this_thread::yield();
    }
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait(lock, condition);
  }

  std::vector<std::thread> threads_;
  std::atomic<unsigned> work_{0}, round_{0};
  std::atomic<std::size_t> here_{0};
  std::atomic<bool> ended_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  void (*call_)(void*, const Share&) = nullptr;
  void* context_ = nullptr;
};

}  // namespace backprop
