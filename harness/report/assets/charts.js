"use strict";
// Draws each chart of the page's data into the figure of its name. All charts over time share one zoom and one
// cursor. Texts from outside are only ever set as text.
(() => {
  const source = document.getElementById("data");
  if (!source || typeof uPlot === "undefined") return;
  const HIGH = 210;
  const PRINT_WIDE = 640;
  const LEAST = 1e-3;
  const root = document.documentElement;
  const drawn = [];
  let leading = false;

  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  const short = (value) => {
    if (value === null || value === undefined) return "–";
    const size = Math.abs(value);
    return value.toLocaleString("en", {maximumFractionDigits: size === 0 ? 0 : size < 0.1 ? 3 : size < 10 ? 2 : size < 100 ? 1 : 0});
  };
  const clock = (seconds) => {
    const whole = Math.round(seconds);
    if (whole < 120) return `${Math.round(seconds * 100) / 100} s`;
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(whole / 3600);
    const minutes = Math.floor(whole / 60) % 60;
    return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  };
  const share = (nines) => {
    const percent = 100 * (1 - 10 ** -nines);
    return `${nines > 2.3 ? percent.toFixed(Math.ceil(nines) - 2) : Math.round(percent * 10) / 10} %`;
  };
  // What an axis says of its places, and the steps between them that it may choose from.
  const axes = {
    time: {say: clock, steps: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400]},
    nines: {say: share, steps: [1]},
    rate: {say: (value) => `${short(value)}/s`},
  };
  const roundUp = (most) => {
    if (!(most > 0)) return 1;
    const power = 10 ** Math.floor(Math.log10(most * 1.04));
    return power * [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((step) => power * step >= most * 1.04);
  };

  // The numbers that are drawn, stacked where asked for. Over time each value is there twice, for the beginning
  // and the end of its point: so steps are exact, a point alone is seen, and a gap is as wide as it was.
  const columns = (chart) => {
    const time = chart.axis === "time";
    const length = chart.series[0].values.length;
    const edge = (place) => place % 2 ? ((place + 1) / 2 - 1e-6) * chart.width : place / 2 * chart.width;
    const xs = time ? Array.from({length: 2 * length}, (_, place) => edge(place)) : chart.xs;
    if (time) xs[xs.length - 1] = length * chart.width;
    let ground = new Array(length).fill(0);
    const ys = chart.series.map((series) => {
      let values = series.values;
      if (series.stacked) values = ground = ground.map((below, place) => below + (values[place] ?? 0));
      return time ? values.flatMap((value) => [value, value]) : values;
    });
    return [xs, ...ys];
  };

  const shade = (chart) => (plot) => {
    const {ctx, bbox} = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = colour(chart.shade);
    for (const [from, to, share] of chart.shaded) {
      ctx.globalAlpha = 0.35 + 0.65 * share;
      const left = plot.valToPos(from, "x", true);
      ctx.fillRect(left, bbox.top, Math.max(1, plot.valToPos(to, "x", true) - left), bbox.height);
    }
    ctx.restore();
  };
  const levels = (chart) => (plot) => {
    const {ctx, bbox} = plot;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colour("limit");
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    for (const line of chart.lines) {
      const y = plot.valToPos(line.value, "y", true);
      if (y < bbox.top - 1) {
        ctx.textAlign = "right";
        ctx.textBaseline = "top";
        ctx.fillText(`↑ ${line.label} is above this chart`, bbox.left + bbox.width - 4, bbox.top + 3);
        continue;
      }
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  };

  const follow = (plot) => {
    if (leading) return;
    leading = true;
    const {min, max} = plot.scales.x;
    for (const other of drawn) {
      if (other.chart.axis !== "time" || other.plot === plot) continue;
      other.plot.setScale("x", {min, max});
    }
    leading = false;
  };

  const build = (chart, figure) => {
    const time = chart.axis === "time";
    const data = columns(chart);
    const xs = data[0];
    const past = chart.series[0].values.length - 1;
    const end = time ? (past + 1) * chart.width : xs[past];
    const field = figure.querySelector(".plot");
    const keys = [...figure.querySelectorAll(".keys output")];
    const heard = figure.querySelector("[aria-live]");
    const low = chart.lines.map((line) => line.value);
    const inView = (plot) => {
      const [first, last] = plot.series[0].idxs ?? [0, xs.length - 1];
      let most = 0;
      chart.series.forEach((series, number) => {
        if (!plot.series[order[number]].show) return;
        for (let at = Math.max(0, first - 1); at <= last; at += 1) most = Math.max(most, data[number + 1][at] ?? 0);
      });
      const near = low.filter((value) => value <= most * 12);
      return [0, roundUp(Math.max(most, ...near))];
    };
    const decades = (plot, least, most) => {
      if (chart.across) [least, most] = chart.across;
      if (!(least > 0)) [least, most] = [LEAST, 1];
      const from = 10 ** Math.floor(Math.log10(least));
      return [from, Math.max(from * 10, 10 ** Math.ceil(Math.log10(most)))];
    };
    // The top of a stack is drawn first, so that what is below covers its ground.
    const stack = chart.series.map((series, number) => series.stacked ? number : -1).filter((number) => number >= 0);
    const sequence = [...stack.reverse(), ...chart.series.map((_, number) => number).filter((number) => !chart.series[number].stacked)];
    const order = [];
    sequence.forEach((number, place) => { order[number] = place + 1; });
    const arranged = [xs, ...sequence.map((number) => data[number + 1])];
    const series = sequence.map((number) => {
      const one = chart.series[number];
      return {
        label: one.label,
        points: {show: !time, size: 4, fill: () => colour(one.colour)},
        stroke: () => one.stacked ? "transparent" : colour(one.colour),
        fill: one.fill ? () => one.stacked ? colour(one.colour) : `${colour(one.colour)}38` : undefined,
        width: one.stacked ? 0 : one.thick ? 2 : 1.4,
        dash: one.dash === true ? [4, 3] : one.dash || undefined,
        spanGaps: false,
      };
    });
    const axis = {
      stroke: () => colour("quiet"),
      grid: {stroke: () => colour("faint"), width: 1},
      ticks: {stroke: () => colour("rule"), width: 1, size: 4},
      font: "11px system-ui, sans-serif",
    };
    const {say, steps} = axes[chart.axis];
    const options = {
      width: Math.max(200, field.clientWidth),
      height: HIGH,
      legend: {show: false},
      scales: {
        x: {time: false, range: (plot, min, max) => min === null || min === max ? [0, end || 1] : [min, max]},
        y: chart.log ? {distr: 3, range: decades} : {range: (plot) => inView(plot)},
      },
      axes: [
        {
          ...axis,
          space: 62,
          size: 34,
          incrs: time ? steps.filter((step) => step >= chart.width) : steps,
          values: (plot, splits) => splits.map(say),
        },
        {
          ...axis,
          size: (plot, values) => Math.max(54, 18 + 6.4 * Math.max(0, ...(values ?? []).map((value) => value.length))),
          space: 32,
          values: (plot, splits) => splits.map((value) => value === null ? "" : chart.log && Math.log10(value) % 1 > 1e-9 ? "" : short(value)),
        },
      ],
      series: [{}, ...series],
      cursor: {
        sync: time ? {key: "time", scales: ["x", null]} : undefined,
        drag: {x: time, y: false},
        y: false,
        points: {size: 6},
      },
      hooks: {
        drawClear: chart.shaded.length ? [shade(chart)] : [],
        draw: chart.lines.length ? [levels(chart)] : [],
        setScale: [(plot, key) => {
          if (key !== "x" || !time) return;
          tellZoom(plot.scales.x);
          follow(plot);
        }],
        setCursor: [(plot) => tell(pointAt(plot))],
      },
    };
    const pointAt = ({cursor}) => {
      if (cursor.idx === null || cursor.idx === undefined || cursor.left < 0) return null;
      return time ? Math.floor(cursor.idx / 2) : cursor.idx;
    };
    const label = (at) => chart.axis === "nines" && at === past ? "the longest" : say(time ? at * chart.width : xs[at]);
    const tell = (place) => {
      figure.querySelector(".at").textContent = place === null ? "" : label(place);
      keys.forEach((key, number) => {
        key.textContent = place === null ? "" : short(chart.series[number].values[place]);
      });
    };
    function tellZoom({min, max}) {
      const whole = min <= 0 && max >= end * (1 - 1e-9);
      figure.classList.toggle("zoomed", !whole);
      figure.querySelector(".span").textContent = whole ? "" : `${clock(min)} to ${clock(max)}`;
    }
    const plot = new uPlot(options, arranged, field);
    const self = {chart, plot, figure, field};
    const zoom = (factor) => {
      const {min, max} = plot.scales.x;
      const at = pointAt(plot);
      const middle = at === null ? (min + max) / 2 : (at + 0.5) * chart.width;
      const reach = Math.max(chart.width * 2, (max - min) * factor);
      const from = Math.max(0, Math.min(middle - reach / 2, end - reach));
      plot.setScale("x", {min: from, max: Math.min(end, from + reach)});
    };
    const whole = () => plot.setScale("x", {min: 0, max: end || 1});
    const move = (by) => {
      const at = Math.max(0, Math.min(past, (pointAt(plot) ?? (by > 0 ? -1 : past + 1)) + by));
      const x = time ? (at + 0.5) * chart.width : xs[at];
      const {min, max} = plot.scales.x;
      if (time && (x < min || x > max)) {
        const reach = max - min;
        const from = Math.max(0, Math.min(x - reach / 2, end - reach));
        plot.setScale("x", {min: from, max: from + reach});
      }
      plot.setCursor({left: plot.valToPos(x, "x"), top: 10});
      tell(at);
      heard.textContent = `${label(at)}: ` + chart.series.map((one) => `${one.label} ${short(one.values[at])}`).join(", ");
    };
    const keysOf = {
      ArrowLeft: () => move(-1), ArrowRight: () => move(1), PageUp: () => move(-10), PageDown: () => move(10),
      Home: () => move(-Infinity), End: () => move(Infinity),
      ...(time ? {"+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), 0: whole, Escape: whole} : {}),
    };
    field.addEventListener("keydown", (event) => {
      const act = event.ctrlKey || event.metaKey || event.altKey ? null : keysOf[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
    figure.querySelector(".in")?.addEventListener("click", () => zoom(0.5));
    figure.querySelector(".out")?.addEventListener("click", () => zoom(2));
    figure.querySelector(".all")?.addEventListener("click", whole);
    figure.querySelectorAll(".keys button").forEach((button, number) => {
      button.addEventListener("click", () => {
        const show = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(show));
        plot.setSeries(order[number], {show});
      });
    });
    return self;
  };

  const {charts} = JSON.parse(source.textContent);
  root.classList.add("drawing");
  for (const chart of charts) {
    const figure = document.getElementById(`chart-${chart.name}`);
    if (figure) drawn.push(build(chart, figure));
  }
  const size = (wide) => {
    for (const {plot, field} of drawn) {
      const width = wide ? Math.min(wide, field.dataset.half ? wide / 2 - 10 : wide) : Math.max(200, field.clientWidth);
      if (width !== plot.width || wide) plot.setSize({width, height: HIGH});
    }
  };
  let waiting = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => size(0));
  });
  const redraw = () => drawn.forEach(({plot}) => plot.redraw(false, true));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  // Paper is light and narrow, whatever the screen is.
  addEventListener("beforeprint", () => { root.classList.add("printing"); size(PRINT_WIDE); redraw(); });
  addEventListener("afterprint", () => { root.classList.remove("printing"); size(0); redraw(); });
})();
