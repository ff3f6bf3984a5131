// The only code that depends on the operating system's files.
#include "stored_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#ifdef _WIN32
#include <filesystem>
#include <fstream>
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace backprop {

namespace {

[[noreturn]] void fail(const char* what, const std::string& path) {
  const std::string why = errno ? std::string(": ") + std::strerror(errno) : std::string();
  throw FileError(std::string(what) + " '" + path + "'" + why);
}

}  // namespace

#ifdef _WIN32

struct StoredFile::System {
  std::ifstream stream;
  std::string path;
  bool temporary = false;
};

StoredFile::StoredFile(const std::string& path, bool) : system_(new System{{}, path, false}) {
  errno = 0;
  system_->stream.open(std::filesystem::u8path(path), std::ios::binary | std::ios::ate);
  if (!system_->stream) {
    delete system_;
    fail("Can't open", path);
  }
  size_ = static_cast<std::uint64_t>(system_->stream.tellg());
}

StoredFile::~StoredFile() {
  system_->stream.close();
  std::error_code ignored;
  if (system_->temporary) std::filesystem::remove(std::filesystem::u8path(system_->path), ignored);
  delete system_;
}

void StoredFile::remove_at_end() { system_->temporary = true; }

void StoredFile::read(std::uint64_t begin, std::size_t bytes, void* to) {
  errno = 0;
  system_->stream.clear();
  system_->stream.seekg(static_cast<std::streamoff>(begin));
  if (!system_->stream.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes)))
    fail("Can't read", system_->path);
}

bool StoredFile::may_hold(std::uint64_t) const { return true; }
void StoredFile::at_random(bool) {}
void StoredFile::expect(std::uint64_t, std::uint64_t) {}

void append_to_file(const std::string& path, const void* bytes, std::size_t count, bool create) {
  errno = 0;
  std::ofstream stream(std::filesystem::u8path(path),
                       std::ios::binary | (create ? std::ios::trunc : std::ios::app));
  stream.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(count));
  stream.close();
  if (!stream) fail("Can't write", path);
}

#else

namespace {

// Mapped files count as memory for `ulimit -v`.
bool is_address_space_limited() {
#ifdef RLIMIT_AS
  rlimit limit;
  return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
#else
  return false;
#endif
}

// What is left of a limited address space; 0 if that is not known.
std::uint64_t address_space_left() {
#ifdef RLIMIT_AS
  rlimit limit;
  unsigned long long pages = 0;
  std::FILE* const status = std::fopen("/proc/self/statm", "r");
  if (!status) return 0;
  const bool known = std::fscanf(status, "%llu", &pages) == 1;
  std::fclose(status);
  if (!known || getrlimit(RLIMIT_AS, &limit) != 0) return 0;
  const std::uint64_t used = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
#else
  return 0;
#endif
}

}  // namespace

struct StoredFile::System {
  int handle;
  std::string path;
};

StoredFile::StoredFile(const std::string& path, bool map)
    : system_(new System{open(path.c_str(), O_RDONLY | O_CLOEXEC), path}) {
  struct stat status;
  if (system_->handle < 0 || fstat(system_->handle, &status) != 0) {
    if (system_->handle >= 0) close(system_->handle);
    delete system_;
    fail("Can't open", path);
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  if (!map || size_ == 0 || size_ > SIZE_MAX || is_address_space_limited()) return;
  void* at =
      mmap(nullptr, static_cast<std::size_t>(size_), PROT_READ, MAP_SHARED, system_->handle, 0);
  if (at != MAP_FAILED) mapped_ = static_cast<const char*>(at);
}

StoredFile::~StoredFile() {
  if (mapped_) munmap(const_cast<char*>(mapped_), static_cast<std::size_t>(size_));
  close(system_->handle);
  delete system_;
}

void StoredFile::read(std::uint64_t begin, std::size_t bytes, void* to) {
  char* at = static_cast<char*>(to);
  while (bytes > 0) {
    errno = 0;
    const ssize_t got = pread(system_->handle, at, std::min<std::size_t>(bytes, 1u << 30),
                              static_cast<off_t>(begin));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail("Can't read", system_->path);
    at += got;
    begin += static_cast<std::uint64_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
}

// An open file has no need of its name.
void StoredFile::remove_at_end() { unlink(system_->path.c_str()); }

bool StoredFile::may_hold(std::uint64_t bytes) const {
  return !is_address_space_limited() || bytes <= address_space_left() / 4;
}

void StoredFile::at_random(bool random) {
  if (mapped_)
    madvise(const_cast<char*>(mapped_), static_cast<std::size_t>(size_),
            random ? MADV_RANDOM : MADV_NORMAL);
}

void StoredFile::expect(std::uint64_t begin, std::uint64_t bytes) {
  if (begin >= size_) return;
  bytes = std::min(bytes, size_ - begin);
  if (mapped_) {
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    const std::uint64_t from = begin / page * page;
    madvise(const_cast<char*>(mapped_) + from, static_cast<std::size_t>(begin + bytes - from),
            MADV_WILLNEED);
    return;
  }
#ifdef POSIX_FADV_WILLNEED
  posix_fadvise(system_->handle, static_cast<off_t>(begin), static_cast<off_t>(bytes),
                POSIX_FADV_WILLNEED);
#endif
}

void append_to_file(const std::string& path, const void* bytes, std::size_t count, bool create) {
  const int handle =
      open(path.c_str(), O_WRONLY | O_CLOEXEC | O_CREAT | (create ? O_TRUNC : O_APPEND), 0600);
  if (handle < 0) fail("Can't open", path);
  const char* at = static_cast<const char*>(bytes);
  while (count > 0) {
    errno = 0;
    const ssize_t written = write(handle, at, std::min<std::size_t>(count, 1u << 30));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int error = errno;
      close(handle);
      errno = error;
      fail("Can't write", path);
    }
    at += written;
    count -= static_cast<std::size_t>(written);
  }
  if (close(handle) != 0) fail("Can't write", path);
}

#endif

}  // namespace backprop
