// Vectors of the processor, using the vector extensions of GCC and clang. Each instruction set's
// file includes this header in its namespace after defining BACKPROP_VECTOR_BYTES, so it has no
// include guard.

#define BACKPROP_INLINE inline __attribute__((always_inline))
#define BACKPROP_INLINE_LAMBDA __attribute__((always_inline))

template <class T> struct Native;
template <> struct Native<double> {
  typedef double Vector __attribute__((vector_size(BACKPROP_VECTOR_BYTES)));
  typedef std::int64_t Bits __attribute__((vector_size(BACKPROP_VECTOR_BYTES)));
  typedef double Anywhere __attribute__((vector_size(BACKPROP_VECTOR_BYTES), aligned(8)));
};
template <> struct Native<float> {
  typedef float Vector __attribute__((vector_size(BACKPROP_VECTOR_BYTES)));
  typedef std::int32_t Bits __attribute__((vector_size(BACKPROP_VECTOR_BYTES)));
  typedef float Anywhere __attribute__((vector_size(BACKPROP_VECTOR_BYTES), aligned(4)));
};
template <class T> using Vector = typename Native<T>::Vector;
template <class T> using Bits = typename Native<T>::Bits;

template <class T> constexpr int vector_size = BACKPROP_VECTOR_BYTES / sizeof(T);
template <class T> constexpr int line_vectors = 64 / BACKPROP_VECTOR_BYTES;

template <class T> BACKPROP_INLINE Vector<T> load(const T* p) {
  return *reinterpret_cast<const Vector<T>*>(p);
}
template <class T> BACKPROP_INLINE void store(T* p, Vector<T> v) {
  *reinterpret_cast<Vector<T>*>(p) = v;
}
template <class T> BACKPROP_INLINE Vector<T> load_anywhere(const T* p) {
  return *reinterpret_cast<const typename Native<T>::Anywhere*>(p);
}
template <class T> BACKPROP_INLINE void store_anywhere(T* p, Vector<T> v) {
  *reinterpret_cast<typename Native<T>::Anywhere*>(p) = v;
}

#if BACKPROP_VECTOR_BYTES == 64
BACKPROP_INLINE Vector<double> broadcast(double x) { return _mm512_set1_pd(x); }
BACKPROP_INLINE Vector<float> broadcast(float x) { return _mm512_set1_ps(x); }
BACKPROP_INLINE Vector<double> fma(Vector<double> a, Vector<double> b, Vector<double> c) {
  return _mm512_fmadd_pd(a, b, c);
}
BACKPROP_INLINE Vector<float> fma(Vector<float> a, Vector<float> b, Vector<float> c) {
  return _mm512_fmadd_ps(a, b, c);
}
BACKPROP_INLINE Vector<double> square_root(Vector<double> a) {
  return _mm512_maskz_sqrt_pd(0xff, a);
}
BACKPROP_INLINE Vector<float> square_root(Vector<float> a) {
  return _mm512_maskz_sqrt_ps(0xffff, a);
}
BACKPROP_INLINE double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
BACKPROP_INLINE float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
#elif BACKPROP_VECTOR_BYTES == 32
BACKPROP_INLINE double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
BACKPROP_INLINE float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
BACKPROP_INLINE Vector<double> broadcast(double x) { return _mm256_set1_pd(x); }
BACKPROP_INLINE Vector<float> broadcast(float x) { return _mm256_set1_ps(x); }
BACKPROP_INLINE Vector<double> fma(Vector<double> a, Vector<double> b, Vector<double> c) {
  return _mm256_fmadd_pd(a, b, c);
}
BACKPROP_INLINE Vector<float> fma(Vector<float> a, Vector<float> b, Vector<float> c) {
  return _mm256_fmadd_ps(a, b, c);
}
BACKPROP_INLINE Vector<double> square_root(Vector<double> a) { return _mm256_sqrt_pd(a); }
BACKPROP_INLINE Vector<float> square_root(Vector<float> a) { return _mm256_sqrt_ps(a); }
#elif defined(__aarch64__)
BACKPROP_INLINE double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
BACKPROP_INLINE float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
BACKPROP_INLINE Vector<double> broadcast(double x) { return Vector<double>{x, x}; }
BACKPROP_INLINE Vector<float> broadcast(float x) { return Vector<float>{x, x, x, x}; }
BACKPROP_INLINE Vector<double> fma(Vector<double> a, Vector<double> b, Vector<double> c) {
  return (Vector<double>)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}
BACKPROP_INLINE Vector<float> fma(Vector<float> a, Vector<float> b, Vector<float> c) {
  return (Vector<float>)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
BACKPROP_INLINE Vector<double> square_root(Vector<double> a) {
  return (Vector<double>)vsqrtq_f64((float64x2_t)a);
}
BACKPROP_INLINE Vector<float> square_root(Vector<float> a) {
  return (Vector<float>)vsqrtq_f32((float32x4_t)a);
}
#else
BACKPROP_INLINE double fma(double a, double b, double c) { return a * b + c; }
BACKPROP_INLINE float fma(float a, float b, float c) { return a * b + c; }
BACKPROP_INLINE Vector<double> broadcast(double x) { return Vector<double>{x, x}; }
BACKPROP_INLINE Vector<float> broadcast(float x) { return Vector<float>{x, x, x, x}; }
BACKPROP_INLINE Vector<double> fma(Vector<double> a, Vector<double> b, Vector<double> c) {
  return a * b + c;
}
BACKPROP_INLINE Vector<float> fma(Vector<float> a, Vector<float> b, Vector<float> c) {
  return a * b + c;
}
BACKPROP_INLINE Vector<double> square_root(Vector<double> a) {
  return Vector<double>{__builtin_sqrt(a[0]), __builtin_sqrt(a[1])};
}
BACKPROP_INLINE Vector<float> square_root(Vector<float> a) {
  return Vector<float>{__builtin_sqrtf(a[0]), __builtin_sqrtf(a[1]), __builtin_sqrtf(a[2]),
                       __builtin_sqrtf(a[3])};
}
#endif

// Calls f(0), f(1), ..., f(N - 1) with compile-time indices, so that accumulators stay in
// registers.
template <int I> using Index = std::integral_constant<int, I>;
template <class F, int... I>
BACKPROP_INLINE void unroll_sequence(F&& f, std::integer_sequence<int, I...>) {
  (f(Index<I>{}), ...);
}
template <int N, class F> BACKPROP_INLINE void unroll(F&& f) {
  unroll_sequence(f, std::make_integer_sequence<int, N>{});
}

// Lane i of the result is lane I_i of the concatenation of a and b.
template <class T, int... I> BACKPROP_INLINE Vector<T> shuffle(Vector<T> a, Vector<T> b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, I...);
#else
  return __builtin_shuffle(a, b, Bits<T>{I...});
#endif
}

// Adds the low and the high half of each block of lanes of a and b. The sums of a and b alternate
// in the result (TURNS), or those of a come first.
template <class T, int BLOCKS, bool TURNS, int... I>
BACKPROP_INLINE Vector<T> halve_blocks(Vector<T> a, Vector<T> b, std::integer_sequence<int, I...>) {
  constexpr int lanes = vector_size<T>, block = lanes / BLOCKS, half = block / 2;
  constexpr auto from = [](int i) {
    return (TURNS ? i / half % 2 * lanes + i / half / 2 * block : i / half * block) + i % half;
  };
  return shuffle<T, from(I)...>(a, b) + shuffle<T, from(I) + half...>(a, b);
}

// Lane i of the result is the sum of the lanes of sums[i], by repeated halving. COUNT is a power of
// two and at most vector_size.
template <class T, int BLOCKS = 1, std::size_t COUNT>
BACKPROP_INLINE Vector<T> sum_vectors(const Vector<T> (&sums)[COUNT]) {
  if constexpr (BLOCKS == vector_size<T>) {
    return sums[0];
  } else {
    constexpr auto lanes = std::make_integer_sequence<int, vector_size<T>>{};
    constexpr std::size_t next = COUNT == 1 ? 1 : COUNT / 2;
    Vector<T> halved[next];
    unroll<next>([&](auto i) BACKPROP_INLINE_LAMBDA {
      halved[i] =
          halve_blocks<T, BLOCKS, (COUNT > 1)>(sums[i], sums[COUNT == 1 ? 0 : i + next], lanes);
    });
    return sum_vectors<T, BLOCKS * 2>(halved);
  }
}

// Alternates lanes BEGIN, BEGIN + 1, ... of a and b until the vector is full.
template <class T, int BEGIN, int... I>
BACKPROP_INLINE Vector<T> interleave(Vector<T> a, Vector<T> b, std::integer_sequence<int, I...>) {
  return shuffle<T, BEGIN + I / 2 + I % 2 * vector_size<T>...>(a, b);
}

// Transposes COUNT x vector_size numbers, where COUNT is a power of two: afterwards number j *
// COUNT
// + i of the array is what was lane j of vector i. Repeatedly interleaves vectors i and i + COUNT /
// 2.
template <class T, int COUNT, int DONE = 1>
BACKPROP_INLINE void transpose_vectors(Vector<T> (&vectors)[COUNT]) {
  constexpr int size = vector_size<T>, half = COUNT / 2;
  constexpr auto lanes = std::make_integer_sequence<int, size>{};
  Vector<T> next[COUNT];
  unroll<half>([&](auto i) BACKPROP_INLINE_LAMBDA {
    next[2 * i] = interleave<T, 0>(vectors[i], vectors[i + half], lanes);
    next[2 * i + 1] = interleave<T, size / 2>(vectors[i], vectors[i + half], lanes);
  });
  if constexpr (DONE < half) transpose_vectors<T, COUNT, DONE * 2>(next);
  unroll<COUNT>([&](auto i) BACKPROP_INLINE_LAMBDA { vectors[i] = next[i]; });
}
