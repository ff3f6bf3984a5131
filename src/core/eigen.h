// Eigen, whose own warnings are not ours.
#pragma once
#pragma GCC system_header
#include <Eigen/Dense>
