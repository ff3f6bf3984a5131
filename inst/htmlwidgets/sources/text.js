// The text of the page in English and Chinese. Code names (X, wh, sigmoid, ...) come from the steps
// and are the same in both languages.
(function (root) {
  "use strict";

  function grouped(n) {
    return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
  }

  const en = {
    title: "Stepper for neural network training",
    phases: {
      data: "Data", forward: "Forward", error: "Error", backward: "Backward", update: "Update"
    },
    phaseHelp: {
      data: "data and weights", forward: "from the inputs to the output",
      error: "target minus output, and the loss",
      backward: "from the output back to the hidden layers", update: "new weights and biases"
    },
    number: grouped,
    step: function (number) { return "Step " + number; }, afterwards: "After",
    rewind: "Rewind", back: "Back", play: "Play", pause: "Pause", next: "Step",
    rewindHelp: "Rewind to the start (Home)", backHelp: "One step back (left arrow)",
    playHelp: "Play (Space)", pauseHelp: "Pause (Space)",
    nextHelp: "One step forward (right arrow)",
    playing: "Play by steps or epochs", bySteps: "by steps", byEpochs: "by epochs",
    epoch: "Epoch", ofEpochs: function (n) { return "of " + grouped(n); },
    rate: "Learning rate", batch: "Batch", all: "all", rows: function (n) { return String(n); },
    decimals: "Decimals", every: "all",
    controls: "Controls", network: "Network", matrices: "Matrices of this step",
    caseShown: "Row", ofCases: function (n) { return "of " + n; },
    batchOf: function (k, n, rows) {
      return "Batch " + k + " of " + n + ": row" + (rows.indexOf(",") < 0 ? " " : "s ") + rows;
    },
    layers: { input: "inputs", hidden: "hidden", output: "output", bias: "bias" },
    hiddenLayer: function (k) { return "hidden " + k; },
    forward: "forward", backward: "backward", update: "update",
    inCircles: "In the circles:",
    positive: "positive", negative: "negative", width: "width: absolute weight",
    changed: "width: absolute change",
    lossCurve: "Loss, mean per row", lossAt: function (epoch, loss) {
      return "epoch " + grouped(epoch) + ": " + loss;
    },
    boundary: "Output over the inputs", boundaryOf: "Output", half: "0.5 line", low: "low",
    high: "high", points: "targets",
    inWords: "In words", before: "before", change: "change", after: "after",
    target: "target", sum: "The number pointed at", transposed: "transposed",
    keys: "Keys: \u2190 \u2192 step, \u2191 \u2193 epoch, Space play, Home start, Tab cells.",
    agrees: "Agrees with R to 1e\u221212",
    agreesHow: function (epochs, difference) {
      return "Weights and loss after epoch" + (epochs.length > 1 ? "s " : " ") +
        epochs.map(grouped).join(", ") + "; largest difference " + difference + ".";
    },
    differs: function (difference, epoch) {
      return "Differs from R by " + difference + ", from epoch " + grouped(epoch) + " on";
    },
    differsHow: "If training is unstable, differences in the last digit grow. " +
      "Try a smaller learning rate.",
    differsEnd: function (epoch) {
      return "Differs from R from epoch " + grouped(epoch) + " on";
    },
    notCompared: "Not compared with R",
    notComparedHow: "There are no checkpoints for this learning rate and batch size.",
    comparing: "Comparing with R \u2026",
    diverged: function (epoch) {
      return "Diverged in epoch " + grouped(epoch) + ": values are no longer finite.";
    },
    divergedHow: "Use a smaller learning rate.",
    busy: function (epoch) { return "Computing epoch " + grouped(epoch) + " \u2026"; },
    live: function (epoch, batch, step, phase, name, words) {
      return "Epoch " + grouped(epoch) + (batch ? ", batch " + batch : "") + ", " + phase + ", " +
        step + ": " + name + ". " + words;
    },
    liveEpoch: function (epoch) { return "Epoch " + grouped(epoch); },
    paused: "Paused",
    failed: "Can't read the data of this page.",
    losses: {
      squared_error: "half the sum of squared errors",
      cross_entropy: "the cross-entropy, the negative log probability of the observed classes",
      absolute: "the sum of absolute errors",
      huber: "the Huber loss, quadratic for small errors and linear for large ones",
      poisson: "the Poisson loss, the sum of output minus target times log output",
      quantile: "the quantile loss, the sum of errors weighted by their sign"
    },
    words: {
      given: function () { return "The inputs, one row per case, and their targets."; },
      before: function () { return "The weights and biases before the update."; },
      start: "The initial weights and biases.",
      affine: function (s) {
        return "Multiply each row of " + s.from + " by each column of " + s.w +
          (s.s ? " and each row of X by each column of " + s.s : "") +
          ", sum, and add the bias " + s.b + ".";
      },
      activate: function (s) { return "Apply " + s.kind + " to each value of " + s.from + "."; },
      softmax: function () {
        return "The exponential of each value divided by the sum of its row: probabilities.";
      },
      error: function () { return "The error: target minus output."; },
      loss: function (s) { return "The loss: " + s.loss + "."; },
      slope: function (s) {
        return "The derivative of " + s.kind + " at each unit, computed from " + s.from + ".";
      },
      delta: function (s) {
        if (s.kind === "error") {
          return "For this loss and output activation the derivative cancels: " +
            "the delta is target minus output.";
        }
        if (s.kind === "softmax") {
          return "The delta of each output unit: the negative gradient of the loss. " +
            "The outputs of a row depend on each other.";
        }
        return "The delta of each output unit: " + (s.squared ? "error" :
          "negative derivative of the loss") + " times slope.";
      },
      back: function (s) {
        return "Propagate the deltas back: multiply each row of " + s.from +
          " by each row of " + s.w + " and sum.";
      },
      times: function () {
        return "The delta of each hidden unit: error times slope.";
      },
      weightAfter: function (s) {
        return "Change each weight by the learning rate times the " + (s.mean ? "mean" : "sum") +
          " over rows of input times delta.";
      },
      biasAfter: function (s) {
        return "Change each bias by the learning rate times the " + (s.mean ? "mean" : "sum") +
          " of its deltas.";
      },
      outputAfter: function () {
        return "The output with the updated weights, next to the targets and the output before.";
      },
      lossAfter: function () { return "The loss of these rows with the updated weights."; }
    }
  };

  const zh = {
    title: "逐步演示：神经网络训练的每一步",
    phases: { data: "数据", forward: "前向传播", error: "误差", backward: "反向传播", update: "更新" },
    phaseHelp: {
      data: "数据与权重", forward: "从输入到输出", error: "目标减去输出，以及损失",
      backward: "从输出传回隐藏层", update: "新的权重与偏置"
    },
    number: grouped,
    step: function (number) { return "第 " + number + " 步"; }, afterwards: "更新之后",
    rewind: "重来", back: "后退", play: "播放", pause: "暂停", next: "下一步",
    rewindHelp: "回到起点（Home 键）", backHelp: "后退一步（左方向键）",
    playHelp: "播放（空格键）", pauseHelp: "暂停（空格键）", nextHelp: "前进一步（右方向键）",
    playing: "逐步或逐轮播放", bySteps: "逐步", byEpochs: "逐轮",
    epoch: "轮次", ofEpochs: function (n) { return "/ " + grouped(n); },
    rate: "学习率", batch: "批量", all: "全部", rows: function (n) { return n + " 行"; },
    decimals: "小数位", every: "全部",
    controls: "控制", network: "网络", matrices: "本步的矩阵",
    caseShown: "第", ofCases: function (n) { return "行，共 " + n + " 行"; },
    batchOf: function (k, n, rows) { return "第 " + k + " 批，共 " + n + " 批：第 " + rows + " 行"; },
    layers: { input: "输入层", hidden: "隐藏层", output: "输出层", bias: "偏置" },
    hiddenLayer: function (k) { return "隐藏层 " + k; },
    forward: "前向", backward: "反向", update: "更新",
    inCircles: "圆圈中：",
    positive: "正", negative: "负", width: "线宽：权重的绝对值", changed: "线宽：变化的绝对值",
    lossCurve: "损失（每行平均）", lossAt: function (epoch, loss) {
      return "第 " + grouped(epoch) + " 轮：" + loss;
    },
    boundary: "输出随输入的变化", boundaryOf: "输出", half: "0.5 等值线", low: "低", high: "高",
    points: "目标值",
    inWords: "文字", before: "更新前", change: "变化", after: "更新后",
    target: "目标", sum: "所指的数", transposed: "转置",
    keys: "键盘：\u2190 \u2192 逐步，\u2191 \u2193 逐轮，空格键播放，Home 键回到起点，Tab 键逐格移动。",
    agrees: "与 R 一致，精确到 1e\u221212",
    agreesHow: function (epochs, difference) {
      return "已比较第 " + epochs.map(grouped).join("、") + " 轮之后的权重与损失；最大相差 " +
        difference + "。";
    },
    differs: function (difference, epoch) {
      return "从第 " + grouped(epoch) + " 轮起与 R 不一致，相差 " + difference;
    },
    differsHow: "训练不稳定时，最后一位数字的差别会越来越大。请试一试较小的学习率。",
    differsEnd: function (epoch) { return "从第 " + grouped(epoch) + " 轮起与 R 不一致"; },
    notCompared: "未与 R 比较",
    notComparedHow: "这个学习率和批量没有检查点。",
    comparing: "正在与 R 比较 \u2026",
    diverged: function (epoch) { return "第 " + grouped(epoch) + " 轮发散：有的数不再是有限数。"; },
    divergedHow: "请用较小的学习率。",
    busy: function (epoch) { return "正在计算第 " + grouped(epoch) + " 轮 \u2026"; },
    live: function (epoch, batch, step, phase, name, words) {
      return "第 " + grouped(epoch) + " 轮" + (batch ? "，第 " + batch + " 批" : "") + "，" + phase +
        "，" + step + "：" + name + "。" + words;
    },
    liveEpoch: function (epoch) { return "第 " + grouped(epoch) + " 轮"; },
    paused: "已暂停",
    failed: "无法读取本页的数据。",
    losses: {
      squared_error: "误差平方和的一半",
      cross_entropy: "真实类别所得概率的负对数之和",
      absolute: "误差绝对值之和",
      huber: "误差小时取平方的一半，误差大时与误差成正比",
      poisson: "泊松损失，即输出减去目标乘以输出的对数，再求和",
      quantile: "按正负号加权的误差之和"
    },
    words: {
      given: function () { return "输入（每行一个样本）以及这些行的目标值。"; },
      before: function () { return "更新之前的权重与偏置。"; },
      start: "训练开始时的权重与偏置。",
      affine: function (s) {
        return s.from + " 的每一行与 " + s.w + " 的每一列" +
          (s.s ? "、X 的每一行与 " + s.s + " 的每一列" : "") + "对应相乘、求和，再加上偏置 " +
          s.b + "。";
      },
      activate: function (s) { return "对 " + s.from + " 的每个数应用 " + s.kind + " 函数。"; },
      softmax: function () { return "每个数的指数除以所在行的指数之和，得到概率。"; },
      error: function () { return "误差：目标减去输出。"; },
      loss: function (s) { return "损失：" + s.loss + "。"; },
      slope: function (s) { return s.kind + " 在每个单元处的导数，由 " + s.from + " 算出。"; },
      delta: function (s) {
        if (s.kind === "error") return "对于这种损失与输出激活函数，导数正好消去：误差项就是目标减去输出。";
        if (s.kind === "softmax") return "各输出单元的误差项，即损失的负梯度；同一行的各个输出相互影响。";
        return "各输出单元的误差项：" + (s.squared ? "误差" : "损失的负导数") + "乘以斜率。";
      },
      back: function (s) {
        return "把误差项沿权重传回：" + s.from + " 的每一行与 " + s.w +
          " 的每一行对应相乘再求和。";
      },
      times: function () { return "各隐藏单元的误差项：误差乘以斜率。"; },
      weightAfter: function (s) {
        return "每个权重的变化是：学习率乘以各行“输入乘误差项”的" + (s.mean ? "平均" : "和") + "。";
      },
      biasAfter: function (s) {
        return "每个偏置的变化是：学习率乘以其误差项的" + (s.mean ? "平均" : "和") + "。";
      },
      outputAfter: function () { return "用更新后的权重重新计算的输出，旁边是目标值和更新前的输出。"; },
      lossAfter: function () { return "这些行在更新后的权重下的损失。"; }
    }
  };

  root.text = { en: en, zh: zh };
})(window.backpropShow = window.backpropShow || {});
