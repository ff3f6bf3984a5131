#include "tables.h"

namespace backprop {

template <class Row> using Names = std::vector<std::pair<std::string, Row>>;

template <> const Names<Activation>& named_rows() {
  static const Names<Activation> rows = {
#define BACKPROP_ACTIVATION(NAME, ...) {#NAME, Activation::NAME},
#define BACKPROP_ACTIVATION_OF_LAYER(NAME, ...) {#NAME, Activation::NAME},
#include "../simd/activation_table.h"
  };
  return rows;
}

template <> const Names<Loss>& named_rows() {
  static const Names<Loss> rows = {
#define BACKPROP_LOSS(NAME, ...) {#NAME, Loss::NAME},
#define BACKPROP_LOSS_FROM_INPUT_ONLY(NAME) {#NAME, Loss::NAME},
#define BACKPROP_LOSS_FROM_INPUT(...)
#define BACKPROP_LOSS_OF_LAYER(...)
#include "../simd/loss_table.h"
  };
  return rows;
}

template <> const Names<Rule>& named_rows() {
  static const Names<Rule> rows = {
#define BACKPROP_RULE(NAME, ...) {#NAME, Rule::NAME},
#include "../simd/rule_table.h"
  };
  return rows;
}

template <> const Names<LayerKind>& named_rows() {
  static const Names<LayerKind> rows = {{"dense", LayerKind::dense}};
  return rows;
}

bool is_elementwise(Activation activation) {
#define BACKPROP_ACTIVATION(NAME, ...) \
  if (activation == Activation::NAME) return true;
#define BACKPROP_ACTIVATION_OF_LAYER(...)
#include "../simd/activation_table.h"
  return false;
}

bool slope_needs_input(Activation activation) {
#define BACKPROP_ACTIVATION(NAME, SLOPE_NEEDS_INPUT, ...) \
  if (activation == Activation::NAME) return SLOPE_NEEDS_INPUT;
#define BACKPROP_ACTIVATION_OF_LAYER(...)
#include "../simd/activation_table.h"
  return false;
}

int moments_of(Rule rule) {
#define BACKPROP_RULE(NAME, MOMENTS, ...) \
  if (rule == Rule::NAME) return MOMENTS;
#include "../simd/rule_table.h"
  return 0;
}

bool is_defined(Loss loss, Activation output) {
#define BACKPROP_LOSS(NAME, ...) \
  if (loss == Loss::NAME) return true;
#define BACKPROP_LOSS_FROM_INPUT_ONLY(NAME)
#define BACKPROP_LOSS_FROM_INPUT(NAME, OUTPUT, ...) \
  if (loss == Loss::NAME && output == Activation::OUTPUT) return true;
#define BACKPROP_LOSS_OF_LAYER(NAME, OUTPUT, ...) \
  if (loss == Loss::NAME && output == Activation::OUTPUT) return true;
#include "../simd/loss_table.h"
  return false;
}

}  // namespace backprop
