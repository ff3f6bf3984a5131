// A file of numbers that is not read as a whole. It is mapped into memory where the system and the
// limits of the process allow that, and read piece by piece otherwise.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>

namespace backprop {

// A file that can't be opened, read or written.
struct FileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class StoredFile {
 public:
  // `map`: whether to map the file if that is possible.
  explicit StoredFile(const std::string& path, bool map = true);
  StoredFile(const StoredFile&) = delete;
  ~StoredFile();

  std::uint64_t size() const { return size_; }
  // The bytes of the file, or nullptr if it is not mapped.
  const char* mapped() const { return mapped_; }
  void read(std::uint64_t begin, std::size_t bytes, void* to);
  // Whether the next parts to be used are at random places, so that reading ahead is useless.
  void at_random(bool random);
  // Whether a copy of so many bytes may be in memory: not if it took more than a quarter of what a
  // process with a limited address space may still use.
  bool may_hold(std::uint64_t bytes) const;
  // Removes the file as soon as nothing uses it.
  void remove_at_end();
  // Tells the system that this part will be used soon.
  void expect(std::uint64_t begin, std::uint64_t bytes);

 private:
  struct System;
  System* system_;
  std::uint64_t size_ = 0;
  const char* mapped_ = nullptr;
};

// Adds bytes to the end of a file, which is created if `create`.
void append_to_file(const std::string& path, const void* bytes, std::size_t count, bool create);

}  // namespace backprop
