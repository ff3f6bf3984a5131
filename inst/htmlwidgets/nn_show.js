HTMLWidgets.widget({
  name: "nn_show",
  type: "output",
  factory: function (element) {
    "use strict";
    const show = window.backpropShow;
    let view = null;
    return {
      renderValue: function (given) {
        if (view) view.close();
        try {
          view = new show.View(element, show.engine.parse(given), given.lang);
        } catch (error) {
          view = null;
          element.textContent = (show.text[given.lang] || show.text.en).failed;
          throw error;
        }
      },
      resize: function () { if (view) view.resize(); },
      view: function () { return view; }
    };
  }
});
