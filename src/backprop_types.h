// Included by RcppExports.cpp. A function of the bridge that runs out of memory signals the
// package's error: memory that C++ can't allocate is not a text of the standard library.
#pragma once
#include "eigen.h"

#include <new>
#include <stdexcept>

// Does not return: R jumps out of it.
inline void signal_out_of_memory() {
  SEXP name = PROTECT(Rf_mkString("backprop"));
  SEXP call = PROTECT(Rf_lang1(Rf_install("abort_out_of_memory")));
  Rf_eval(call, R_FindNamespace(name));
  UNPROTECT(2);
}

#undef END_RCPP
#define END_RCPP                                       \
  }                                                    \
  catch (const std::bad_alloc&) {                      \
    rcpp_output_type = 4;                              \
  }                                                    \
  catch (const std::length_error&) {                   \
    rcpp_output_type = 4;                              \
    VOID_END_RCPP                                      \
    if (rcpp_output_type == 4) signal_out_of_memory(); \
    return R_NilValue;
