// A digest of numbers that does not depend on the versions of R or other packages.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

namespace backprop {

// The digest of a sequence of words by multiplicative hashing (Knuth). It detects changes of data
// but is not cryptographic.
struct Digest {
  std::uint64_t value = 0x243F6A8885A308D3;
  void mix(std::uint64_t word) {
    value = (value ^ word) * 0x9E3779B97F4A7C15;
    value ^= value >> 32;
  }
  void mix(double x) {
    std::uint64_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    mix(bits);
  }
  void mix(const char* text) {
    for (; *text; ++text) mix(std::uint64_t{static_cast<unsigned char>(*text)});
    mix(std::uint64_t{256});
  }
  std::string text() const {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value));
    return digits;
  }
};

}  // namespace backprop
