// Helpers for the page: HTML tags, colours and icons.
(function (root) {
  "use strict";
  const blue = [0, 114, 178], orange = [213, 94, 0];

  function escape(text) {
    return String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")
      .replace(/"/g, "&quot;");
  }

  // tag("p", { class: "a" }, escape("text"), ...): attributes are escaped, and dropped if they are
  // null or false; the content must be HTML.
  function tag(name, attributes) {
    let html = "<" + name;
    Object.keys(attributes || {}).forEach(function (key) {
      const value = attributes[key];
      if (value !== null && value !== false && value !== undefined) {
        html += " " + key + "=\"" + (value === true ? key : escape(value)) + "\"";
      }
    });
    const inside = Array.prototype.slice.call(arguments, 2).join("");
    return name === "input" ? html + ">" : html + ">" + inside + "</" + name + ">";
  }

  // An SVG image of a given size in pixels, with its text alternative.
  function svg(width, height, label) {
    const inside = Array.prototype.slice.call(arguments, 3);
    return tag.apply(null, ["svg", {
      xmlns: "http://www.w3.org/2000/svg", class: "nns-svg", role: "img", "aria-label": label,
      viewBox: "0 0 " + width + " " + height, width: width, height: height
    }].concat(inside));
  }

  function options(pairs, chosen) {
    return pairs.map(function (pair) {
      return tag("option", { value: pair[0], selected: String(pair[0]) === String(chosen) },
        escape(pair[1]));
    }).join("");
  }

  // The fill colour of a value relative to the largest absolute value of its matrix: blue for
  // positive, orange for negative values.
  function fill(value, largest) {
    if (value === 0 || isNaN(value)) return "#fff";
    const depth = isFinite(value) && largest > 0 ? Math.min(Math.abs(value) / largest, 1) : 1;
    const share = 0.08 + 0.5 * depth;
    const mixed = (value > 0 ? blue : orange).map(function (c) {
      return Math.round(255 - (255 - c) * share);
    });
    return "rgb(" + mixed.join(",") + ")";
  }

  function lineColour(value) {
    return value >= 0 ? "rgb(" + blue + ")" : "rgb(" + orange + ")";
  }

  function largestOf(numbers) {
    let largest = 0;
    for (let k = 0; k < numbers.length; k++) {
      if (isFinite(numbers[k])) largest = Math.max(largest, Math.abs(numbers[k]));
    }
    return largest;
  }

  function clip(words, most) {
    return words.length > most ? words.slice(0, most - 2) + "\u2026" + words.slice(-1) : words;
  }

  // Clipped names that differ where the names do: those that would be the same show the part from
  // their first difference on, and if that is not enough their number. With room for less than four
  // characters, a clipped name is its number.
  function clipAll(names, most) {
    if (most < 4) {
      return names.map(function (name, k) { return name.length > most ? String(k + 1) : name; });
    }
    function count(texts, text) {
      return texts.filter(function (other) { return other === text; }).length;
    }
    const plain = names.map(function (name) { return clip(name, most); });
    const parted = names.map(function (name, k) {
      if (count(plain, plain[k]) === 1 || name === plain[k]) return plain[k];
      const same = names.filter(function (other, i) { return plain[i] === plain[k]; });
      let from = 0;
      while (from < name.length && same.every(function (other) {
        return other[from] === name[from];
      })) from++;
      from = Math.min(from, Math.max(2, name.length - most + 3));
      return name.slice(0, 2) + "\u2026" + name.slice(from, from + most - 3);
    });
    return parted.map(function (text, k) {
      if (count(parted, text) === 1 || text === names[k]) return text;
      const number = String(k + 1);
      return names[k].slice(0, Math.max(1, most - 1 - number.length)) + "\u2026" + number;
    });
  }

  const icons = {
    rewind: "M3 3h2v10H3zM13 3v10L6 8z", back: "M11 3v10L4 8z", next: "M5 3v10l7-5z",
    play: "M4 2v12l10-6z", pause: "M4 3h3v10H4zM9 3h3v10H9z"
  };

  // The content of a button: an icon and a label, which is hidden on small screens.
  function face(name, label) {
    return tag("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
      tag("path", { fill: "currentColor", d: icons[name] })) +
      tag("span", { class: "nns-label" }, escape(label));
  }

  root.tags = {
    escape: escape, tag: tag, svg: svg, options: options, fill: fill, lineColour: lineColour,
    largestOf: largestOf, clipAll: clipAll, face: face
  };
})(window.backpropShow = window.backpropShow || {});
