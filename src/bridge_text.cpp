// Numbers as text.
#include <cmath>
#include <cstdio>

#include "bridge.h"

namespace {

// Appends a number with 17 significant digits, as C prints it except for the decimal separator of
// the locale. What JSON has no number for is a string.
void append_number(double x, std::string& text) {
  if (R_IsNA(x)) {
    text += "\"NA\"";
  } else if (std::isnan(x)) {
    text += "\"NaN\"";
  } else if (std::isinf(x)) {
    text += x > 0 ? "\"Inf\"" : "\"-Inf\"";
  } else if (x == 0) {
    text += std::signbit(x) ? "-0.0" : "0";
  } else {
    char digits[40];
    const int size = std::snprintf(digits, sizeof digits, "%.17g", x);
    bool separator = false;
    for (int i = 0; i < size; ++i) {
      const char c = digits[i];
      const bool known = (c >= '0' && c <= '9') || c == '-' || c == '+' || c == 'e';
      if (known) text += c;
      if (!known && !separator) text += '.';
      separator = !known;
    }
  }
}

}  // namespace

// Numbers as text for JSON, separated by ", ".
// [[Rcpp::export(rng = false)]]
Rcpp::String core_numbers_text(const Rcpp::NumericVector& x) {
  std::string text;
  text.reserve(static_cast<std::size_t>(x.size()) * 22);
  for (R_xlen_t i = 0; i < x.size(); ++i) {
    if (i > 0) text += ", ";
    append_number(x[i], text);
  }
  if (text.size() > 2147483647u) Rcpp::stop("The numbers are longer than a string of R can be.");
  return Rcpp::String(text, CE_UTF8);
}

// For each string, whether it has other characters than those of ASCII.
// [[Rcpp::export(rng = false)]]
Rcpp::LogicalVector core_has_non_ascii(const Rcpp::CharacterVector& text) {
  Rcpp::LogicalVector has(text.size());
  for (R_xlen_t i = 0; i < text.size(); ++i) {
    const char* const begin = CHAR(text[i]);
    has[i] = std::any_of(begin, begin + LENGTH(text[i]),
                         [](char c) { return static_cast<unsigned char>(c) > 127; });
  }
  return has;
}
