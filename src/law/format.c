/* A fit as text and as JSON. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "law/fitting.h"

/* ---------------------------------------------------------------- JSON */

static void put_number(FILE *out, double x) {
  char text[MDM_REAL_SIZE];
  if (!isfinite(x)) {
    fputs("null", out);
    return;
  }
  mdm_real_text(x, text);
  fputs(text, out);
}

static void put_member(FILE *out, const char *before, const char *name, double x) {
  fprintf(out, "%s\"%s\": ", before, name);
  put_number(out, x);
}

static void put_string(FILE *out, const char *text, size_t n) {
  fputc('"', out);
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\') fprintf(out, "\\%c", c);
    else if (c < 0x20) fprintf(out, "\\u%04x", c);
    else fputc(c, out);
  }
  fputc('"', out);
}

static void put_text(FILE *out, const char *before, const char *name, const char *text) {
  fprintf(out, "%s\"%s\": ", before, name);
  if (text) put_string(out, text, strlen(text));
  else fputs("null", out);
}

static void put_interval(FILE *out, const mdm_law_number *n) {
  put_member(out, "", "value", n->value);
  put_member(out, ", ", "low", n->low);
  put_member(out, ", ", "high", n->high);
}

static void put_parameters(FILE *out, const mdm_law_fit *fit) {
  fputs(",\n  \"parameters\": {", out);
  for (size_t k = 0; k < fit->parameters; k++) {
    const mdm_law_parameter *p = &fit->parameter[k];
    fprintf(out, "%s\n    \"%s\": {", k ? "," : "", p->name);
    put_interval(out, &p->number);
    put_member(out, ", ", "profile_low", p->profile_low);
    put_member(out, ", ", "profile_high", p->profile_high);
    fprintf(out, ", \"fixed\": %s, \"identified\": %s}", p->fixed ? "true" : "false", p->identified ? "true" : "false");
  }
  fputs("\n  }", out);
}

static void put_warnings(FILE *out, const mdm_law_fit *fit) {
  fputs(",\n  \"warnings\": [", out);
  for (const char *line = fit->warnings; *line;) {
    size_t n = strcspn(line, "\n");
    if (line > fit->warnings) fputs(",", out);
    fputs("\n    ", out);
    put_string(out, line, n);
    line += n + (line[n] == '\n');
  }
  fputs(*fit->warnings ? "\n  ]" : "]", out);
}

static void put_extrapolation(FILE *out, const mdm_law_fit *fit) {
  if (!*fit->held_column) {
    fputs(",\n  \"extrapolation\": null", out);
    return;
  }
  put_text(out, ",\n  \"extrapolation\": {", "column", fit->held_column);
  put_member(out, ", ", "from", fit->held_from);
  fprintf(out, ", \"runs\": %zu", fit->held);
  put_member(out, ", ", "rms_log", fit->held_rms);
  put_member(out, ", ", "mean_log", fit->held_mean);
  put_member(out, ", ", "fitted_rms_log", fit->kept_rms);
  fputs("}", out);
}

static void put_predictions(FILE *out, const mdm_law_fit *fit) {
  fputs(",\n  \"predictions\": [", out);
  for (size_t i = 0; i < fit->predictions; i++) {
    const mdm_law_prediction *p = &fit->prediction[i];
    put_text(out, i ? ",\n    {" : "\n    {", "at", p->at);
    fputs(", ", out);
    put_interval(out, &p->loss);
    put_member(out, ", ", "prediction_low", p->run_low);
    put_member(out, ", ", "prediction_high", p->run_high);
    fputs("}", out);
  }
  fputs(fit->predictions ? "\n  ]" : "]", out);
}

static void put_optimum(FILE *out, const mdm_law_fit *fit) {
  fputs(",\n  \"optimum\": {", out);
  for (size_t i = 0; i < fit->bests; i++) {
    fprintf(out, "%s\n    \"%s\": {", i ? "," : "", fit->best[i].name);
    put_interval(out, &fit->best[i].number);
    put_text(out, ", ", "how", fit->best[i].how);
    fputs("}", out);
  }
  fputs(fit->bests ? "\n  }" : "}", out);
}

static void write_json(FILE *out, const mdm_law_fit *fit) {
  put_text(out, "{\n  ", "law", fit->law);
  put_text(out, ",\n  ", "formula", fit->formula);
  put_text(out, ",\n  ", "source", fit->source);
  put_text(out, ",\n  ", "file", fit->path);
  fprintf(out, ",\n  \"runs\": %zu", fit->runs);
  put_member(out, ",\n  ", "delta", fit->delta);
  put_member(out, ",\n  ", "loss", fit->loss);
  put_member(out, ",\n  \"residual\": {", "rms_log", fit->rms);
  put_member(out, ", ", "median_log", fit->median);
  put_member(out, ", ", "chi2", fit->chi2);
  fprintf(out, "},\n  \"starts\": {\"run\": %zu, \"agreed\": %zu}", fit->starts, fit->agreed);
  fprintf(out, ",\n  \"bootstrap\": {\"resamples\": %zu, \"failed\": %zu, \"of\": \"%s\", \"checked\": %zu, \"better\": %zu}", fit->resamples, fit->failed,
          fit->by_errors ? "errors" : "runs", fit->checked, fit->better);
  put_parameters(out, fit);
  put_extrapolation(out, fit);
  put_predictions(out, fit);
  put_optimum(out, fit);
  put_warnings(out, fit);
  fputs("\n}\n", out);
}

/* ---------------------------------------------------------------- text */

/* "[low, high]"; "-" where there is none. */
static void interval(char *text, size_t size, double low, double high) {
  if (isnan(low) || isnan(high)) snprintf(text, size, "-");
  else snprintf(text, size, "[%.5g, %.5g]", low, high);
}

static void write_parameters(FILE *out, const mdm_law_fit *fit) {
  char number[64], by_resamples[80], by_profile[80];
  fprintf(out, "\n  %-12s%-14s%-30s%-30s\n", "parameter", "value", "95 % by bootstrap", "95 % by profile");
  for (size_t k = 0; k < fit->parameters; k++) {
    const mdm_law_parameter *p = &fit->parameter[k];
    snprintf(number, sizeof number, "%.6g", p->number.value);
    interval(by_resamples, sizeof by_resamples, p->number.low, p->number.high);
    interval(by_profile, sizeof by_profile, p->profile_low, p->profile_high);
    fprintf(out, "  %-12s%-14s%-30s%-30s%s\n", p->name, number, by_resamples, by_profile, p->fixed ? "fixed" : p->identified ? "" : "not identified");
  }
}

static void write_predictions(FILE *out, const mdm_law_fit *fit) {
  char law[80], run[80];
  if (fit->predictions) fputs("\npredictions, with 95 % of the law, and of a run\n", out);
  for (size_t i = 0; i < fit->predictions; i++) {
    const mdm_law_prediction *p = &fit->prediction[i];
    interval(law, sizeof law, p->loss.low, p->loss.high);
    interval(run, sizeof run, p->run_low, p->run_high);
    fprintf(out, "  %s: %.6g %s, run %s\n", p->at, p->loss.value, law, run);
  }
}

static void write_optimum(FILE *out, const mdm_law_fit *fit) {
  char text[80];
  if (fit->bests) fputs("\noptimum, with 95 % by bootstrap\n", out);
  for (size_t i = 0; i < fit->bests; i++) {
    const mdm_law_best *b = &fit->best[i];
    interval(text, sizeof text, b->number.low, b->number.high);
    if (isnan(b->number.value)) fprintf(out, "  %-12s%s\n", b->name, b->how);
    else fprintf(out, "  %-12s%-14.6g%-30s%s\n", b->name, b->number.value, text, b->how);
  }
}

static void write_text(FILE *out, const mdm_law_fit *fit) {
  fprintf(out, "law %s%s%s%s\n  %s\n", fit->law, fit->source ? " (" : "", fit->source ? fit->source : "", fit->source ? ")" : "", fit->formula);
  fprintf(out, "%s: %zu runs; ln(law/loss): root mean square %.4g, median size %.4g", fit->path, fit->runs, fit->rms, fit->median);
  if (fit->by_errors) fprintf(out, ", chi^2 per degree of freedom %.3g", fit->chi2);
  fprintf(out, "\nsum of Huber's loss (delta %.4g) %.6g; %zu of %zu starts agree", fit->delta, fit->loss, fit->agreed, fit->starts);
  if (fit->resamples) fprintf(out, "; %zu resamples of %s", fit->resamples, fit->by_errors ? "the losses by their errors" : "the runs");
  fputs("\n", out);
  write_parameters(out, fit);
  if (*fit->held_column)
    fprintf(out, "\nextrapolation: fitted below %s = %.6g, %zu run%s from there on: off by %.4g (root mean square of ln), mean %+.4g; the runs fitted by %.4g\n",
            fit->held_column, fit->held_from, fit->held, MDM_S(fit->held), fit->held_rms, fit->held_mean, fit->kept_rms);
  write_predictions(out, fit);
  write_optimum(out, fit);
  if (*fit->warnings) fputs("\n", out);
  for (const char *line = fit->warnings; *line;) {
    int n = (int)strcspn(line, "\n");
    fprintf(out, "warning: %.*s\n", n, line);
    line += n + (line[n] == '\n');
  }
}

int mdm_law_fit_format(const mdm_law_fit *fit, const char *format, char **out, mdm_error *err) {
  mdm_text t;
  int json = !strcmp(format, "json");
  *out = NULL;
  if (!json && strcmp(format, "text")) return mdm_fail(err, MDM_ERR_USAGE, "unknown format '%s'; allowed: text, json", format);
  int status = mdm_text_open(&t, "the fit", err);
  if (status) return status;
  mdm_locale l = mdm_locale_enter();
  if (json) write_json(t.stream, fit);
  else write_text(t.stream, fit);
  mdm_locale_leave(l);
  return mdm_text_close(&t, out, err);
}
