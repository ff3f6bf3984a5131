// Included by RcppExports.cpp. A function of the bridge that runs out of memory signals the
// package's error: memory that C++ can't allocate is not a text of the standard library.
#pragma once
#include "eigen.h"

#include <cstring>
#include <new>
#include <stdexcept>

#include "core/stored_file.h"

// Do not return: R jumps out of them.
inline void signal_out_of_memory() {
  SEXP name = PROTECT(Rf_mkString("backprop"));
  SEXP call = PROTECT(Rf_lang1(Rf_install("abort_out_of_memory")));
  Rf_eval(call, R_FindNamespace(name));
  UNPROTECT(2);
}
// The text of an error, which must outlive the exception.
constexpr std::size_t size_of_text = 1024;
inline char text_of_error[size_of_text] = {};
inline void signal_file_error(const char* what) {
  SEXP name = PROTECT(Rf_mkString("backprop"));
  SEXP text = PROTECT(Rf_mkString(what));
  SEXP call = PROTECT(Rf_lang2(Rf_install("abort_stored_file"), text));
  Rf_eval(call, R_FindNamespace(name));
  UNPROTECT(3);
}

#undef END_RCPP
#define END_RCPP                                                 \
  }                                                              \
  catch (const std::bad_alloc&) {                                \
    rcpp_output_type = 4;                                        \
  }                                                              \
  catch (const std::length_error&) {                             \
    rcpp_output_type = 4;                                        \
  }                                                              \
  catch (const backprop::FileError& error) {                     \
    rcpp_output_type = 5;                                        \
    std::strncpy(text_of_error, error.what(), size_of_text - 1); \
    VOID_END_RCPP                                                \
    if (rcpp_output_type == 4) signal_out_of_memory();           \
    if (rcpp_output_type == 5) signal_file_error(text_of_error); \
    return R_NilValue;
