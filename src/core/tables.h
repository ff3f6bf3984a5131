// What the core must know of the rows of its tables, and their names, by which R calls them.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "network.h"

namespace backprop {

// For Activation, Loss, Rule and LayerKind, and for Family and Stop of train.h.
template <class Row> const std::vector<std::pair<std::string, Row>>& named_rows();

template <class Row> std::optional<Row> row_named(const std::string& name) {
  for (const auto& row : named_rows<Row>())
    if (row.first == name) return row.second;
  return std::nullopt;
}
template <class Row> std::string name_of(Row wanted) {
  for (const auto& row : named_rows<Row>())
    if (row.second == wanted) return row.first;
  return {};
}

// Does each unit make its value of its own input alone?
bool is_elementwise(Activation activation);
// Does the slope need the input of a unit, or its value alone?
bool slope_needs_input(Activation activation);
// How many numbers a rule remembers of each parameter.
int moments_of(Rule rule);
// Is there a formula for this loss with this output activation?
bool is_defined(Loss loss, Activation output);

}  // namespace backprop
