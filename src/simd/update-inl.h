// One update of all weights by a first-order rule, generated from rule_table.h.

template <class T> BACKPROP_INLINE Vector<T> without_denormals(Vector<T> x) {
  return select<T>(absolute<T>(x) < constant<T>(sizeof(T) == 8 ? 1e-290 : 1e-30), constant<T>(0),
                   x);
}

// The constants of an update in all lanes.
template <class T> struct StepVectors {
  Vector<T> rate, decay, decay2, epsilon, corrected_rate, correction2, less, more, least, most,
      scale;
};

template <class T, Rule RULE> struct Update;
#define BACKPROP_RULE(NAME, MOMENTS, ...)                                                \
  template <class T> struct Update<T, Rule::NAME> {                                      \
    static constexpr int moments = MOMENTS;                                              \
    static BACKPROP_INLINE Vector<T> number(double x) { return constant<T>(x); }         \
    static BACKPROP_INLINE void step(const StepVectors<T>& s, Vector<T> g, Vector<T>& w, \
                                     Vector<T>& m, Vector<T>& v) {                       \
      (void)m;                                                                           \
      (void)v;                                                                           \
      __VA_ARGS__                                                                        \
    }                                                                                    \
  };
#include "rule_table.h"

template <class T, Rule RULE>
void update_by(const Step<T>& step, std::size_t count, T* weights, const T* gradient, T* moment,
               T* moment2) {
  using Row = Update<T, RULE>;
  StepVectors<T> s;
  s.rate = broadcast(step.rate);
  s.decay = broadcast(step.decay);
  s.decay2 = broadcast(step.decay2);
  s.epsilon = broadcast(step.epsilon);
  s.corrected_rate = broadcast(step.corrected_rate);
  s.correction2 = broadcast(step.correction2);
  s.less = broadcast(step.less);
  s.more = broadcast(step.more);
  s.least = broadcast(step.least);
  s.most = broadcast(step.most);
  s.scale = broadcast(step.scale);
  for (std::size_t i = 0; i < count; i += vector_size<T>) {
    Vector<T> w = load(weights + i), m = constant<T>(0), v = m;
    if constexpr (Row::moments > 0) m = load(moment + i);
    if constexpr (Row::moments > 1) v = load(moment2 + i);
    Row::step(s, s.scale * load(gradient + i), w, m, v);
    if constexpr (Row::moments > 0) store(moment + i, m);
    if constexpr (Row::moments > 1) store(moment2 + i, v);
    store(weights + i, w);
  }
}

template <class T>
void update(Rule rule, const Step<T>& step, std::size_t count, T* weights, T* gradient, T* moment,
            T* moment2) noexcept {
#define BACKPROP_RULE(NAME, ...) \
  if (rule == Rule::NAME)        \
    return update_by<T, Rule::NAME>(step, count, weights, gradient, moment, moment2);
#include "rule_table.h"
}
