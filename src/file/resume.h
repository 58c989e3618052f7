/* Between an interrupted outcome and the run that goes on (src/file/resume.c). */
#ifndef MOEDMFT_RESUME_H
#define MOEDMFT_RESUME_H

#include <moedmft/file.h>
#include <moedmft/run.h>

/* Writes the complete runs of an interrupted outcome below /resume. */
int mdm_resume_write(mdm_file *file, const mdm_outcome *o, size_t steps, mdm_error *err);
/* The record of one run, or NULL in *out when it has to be done. */
int mdm_resume_take(const mdm_resume *r, long width, unsigned index, mdm_record **out, mdm_error *err);

#endif
