// A team of threads that work on one task at a time. Its threads start and end with it, within one
// call from R, so no thread exists when R code forks the process. The number of threads determines
// which thread does a part of the work, never how the part is computed. Its threads, with that of
// the caller, flush denormals to zero as long as the team exists; R must not run meanwhile.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <system_error>
#include <thread>
#include <type_traits>
#include <vector>

#include "denormals.h"

namespace backprop {

class Team {
 public:
  // The part of the work of one member.
  class Share {
   public:
    Share(Team& team, std::size_t index) : team_(team), index_(index) {}
    bool first() const { return index_ == 0; }
    // Calls f(begin, end) for this member's part of 0, ..., count - 1, split at multiples of
    // `unit`.
    template <class F> void part_of(std::size_t count, std::size_t unit, F&& f) const {
      const std::size_t units = (count + unit - 1) / unit, members = team_.size();
      const std::size_t begin = units * index_ / members * unit,
                        end = std::min(count, units * (index_ + 1) / members * unit);
      if (begin < end) f(begin, end);
    }
    // Waits until all members have called it.
    void meet() const { team_.meet(index_); }

   private:
    Team& team_;
    std::size_t index_;
  };

  // The caller's thread is a member. If the system can't start all other threads, the team is
  // smaller, with the same results.
  explicit Team(std::size_t size) : waiters_(size), spins_(size > 1 && size <= processors()) {
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

  // Each member calls f(share). Returns when all have finished. f must not throw, because the other
  // members would wait for the one that threw: with several threads an exception ends the process.
  template <class F> void run(F&& f) {
    if (threads_.empty()) return f(Share(*this, 0));
    context_ = &f;
    call_ = [](void* context, const Share& share) noexcept {
      (*static_cast<std::remove_reference_t<F>*>(context))(share);
    };
    start();
    call_(context_, Share(*this, 0));
    meet(0);
  }

 private:
  static std::size_t processors() {
    const unsigned count = std::thread::hardware_concurrency();
    return count > 0 ? count : 1;
  }
  // Tells the processor that this thread is spinning.
  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
  }
  void start() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      work_.fetch_add(1);
    }
    wake_.notify_all();
  }
  void serve(std::size_t index) {
    const FlushDenormals flush;
    for (unsigned done = 0;; ++done) {
      wait_until(index, [&] { return work_.load() != done; });
      if (ended_.load()) return;
      call_(context_, Share(*this, index));
      meet(index);
    }
  }
  void meet(std::size_t index) {
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
      wait_until(index, [&] { return round_.load() != round; });
    }
  }
  // Whether spinning was of use to a member lately.
  struct alignas(64) Waiter {
    unsigned waits = 0, failures = 0;
    bool spins() { return failures < 4 || waits++ % 64 == 0; }
  };
  // Spins for a short time, because the other members are usually close, then sleeps. On a busy
  // machine spinning can be in vain or even delay the others, if they have to run on the same
  // processor: a member that has spun in vain several times sleeps at once and spins rarely, until
  // it succeeds again. A team with more members than processors never spins. There is no yield(),
  // which on a busy machine gives a whole time slice to another process.
  template <class F> void wait_until(std::size_t index, F&& condition) {
    Waiter& waiter = waiters_[index];
    if (spins_ && waiter.spins()) {
      const auto begin = std::chrono::steady_clock::now();
      do {
        for (int look = 0; look < 16; ++look) {
          if (condition()) {
            waiter.failures = 0;
            return;
          }
          pause();
        }
      } while (std::chrono::steady_clock::now() - begin < longest_spin);
      ++waiter.failures;
    }
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait(lock, condition);
  }

  static constexpr std::chrono::microseconds longest_spin{50};
  const FlushDenormals flush_;
  std::vector<Waiter> waiters_;  // one for each member
  const bool spins_;
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
