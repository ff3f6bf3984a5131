// Fuzzing of what C++ reads: files of stored rows (src/core/stored_file.h). All other input comes
// through R. Run by tools/sanitize.sh, with libFuzzer and the sanitizers for addresses and
// undefined behaviour.
//
// The first bytes of the input are instructions, the others are the contents of the file: they are
// appended in parts, and any range that is read must have these bytes, or be an error if it is not
// within the file.
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "../src/core/stored_file.h"
#include "../src/planted.h"

using backprop::FileError;
using backprop::StoredFile;

namespace {

void expect(bool right, const char* what) {
  if (right) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

std::string file_name() {
  const char* folder = std::getenv("TMPDIR");
  return std::string(folder ? folder : "/tmp") + "/backprop-fuzz-" + std::to_string(getpid());
}

// A number from 8 bytes: small, or anything.
std::uint64_t number_at(const std::uint8_t* at) {
  std::uint64_t number;
  std::memcpy(&number, at, sizeof number);
  return number >> (8 * (at[0] % 8));
}

// Reads are into memory of exactly the size of the range, so that a byte too many is reported.
void read_range(StoredFile& file, const std::vector<char>& contents, std::uint64_t begin,
                std::uint64_t bytes) {
  const bool within = begin <= contents.size() && bytes <= contents.size() - begin;
  std::vector<char> to(static_cast<std::size_t>(bytes));
  file.expect(begin, bytes);
  try {
    file.read(begin, to.size(), to.data());
    expect(within || bytes == 0, "a range outside of the file was read");
    if (bytes > 0)
      expect(std::memcmp(to.data(), contents.data() + begin, to.size()) == 0, "other bytes");
  } catch (const FileError&) {
    expect(!within, "a range within the file was refused");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t each = 16, instructions = 4;
  if (size < 2 + each * instructions) return 0;
  static const std::string path = file_name();
  backprop::planted_bug();
  const bool map = data[0] & 1, random = data[0] & 2;
  const std::uint8_t* ranges = data + 2;
  const std::vector<char> contents(data + 2 + each * instructions, data + size);
  const std::size_t part = 1 + data[1];
  backprop::append_to_file(path, contents.data(), 0, true);
  for (std::size_t at = 0; at < contents.size(); at += part)
    backprop::append_to_file(path, contents.data() + at, std::min(part, contents.size() - at),
                             false);
  {
    StoredFile file(path, map);
    expect(file.size() == contents.size(), "another size");
    expect(!file.mapped() || std::memcmp(file.mapped(), contents.data(), contents.size()) == 0,
           "other bytes are mapped");
    file.at_random(random);
    for (std::size_t i = 0; i < instructions; ++i) {
      const std::uint8_t* range = ranges + each * i;
      read_range(file, contents, number_at(range), number_at(range + 8) % (1 << 16));
    }
  }
  unlink(path.c_str());
  try {
    StoredFile absent(path, map);
    expect(false, "a file that does not exist was opened");
  } catch (const FileError&) {
  }
  return 0;
}
