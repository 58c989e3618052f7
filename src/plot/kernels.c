/* A kernel at its last time, as heat maps. */
#include "plot/heat.h"
#include "plot/pictures.h"

static int read_kernel(mdm_file *file, const char *field, void *figure, mdm_error *err) {
  mdm_heat *f = figure;
  f->name = mdm_kernel_find(&mdm_kernels, field ? field : "h");
  f->time = "kernels/time";
  const char *const paths[] = {f->time, f->name->path};
  return mdm_heat_read(file, f, paths, sizeof paths / sizeof *paths, "Kernel", &mdm_picture_kernels.needs, err);
}

static void release(void *figure) { mdm_plot_release_pair(&((mdm_heat *)figure)->of); }

static void draw(FILE *out, const void *figure, const mdm_look *look, const char *target) {
  mdm_heat_draw(out, figure, look, target, 0, "");
}

const mdm_picture mdm_picture_kernels = {
    .about = {"kernels", "a kernel at the last time: limit, widest networks, difference", "which kernel (default: h)"},
    .needs = {"kernels", "kernels", "run again with -s output.kernels=true"},
    .fields = &mdm_kernels,
    .size = sizeof(mdm_heat),
    .read = read_kernel,
    .draw = draw,
    .release = release,
};
