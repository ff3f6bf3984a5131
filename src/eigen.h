// Eigen's own warnings are not ours.
#pragma once
#pragma GCC system_header
#include <RcppEigen.h>
