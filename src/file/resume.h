/* Where single runs stand in a file. */
#ifndef MOEDMFT_FILE_RESUME_H
#define MOEDMFT_FILE_RESUME_H

#include "file/runs.h"

enum { MDM_GROUP_SIZE = 64 };

/* Group of the single runs of an ensemble's results (width 0: of the limit). */
void mdm_runs_group(long width, char name[MDM_GROUP_SIZE]);
/* Group of complete runs beyond them. */
void mdm_resume_group(long width, char name[MDM_GROUP_SIZE]);
/* Whether the file that r stands for keeps its single runs by choice (r NULL: no). */
int mdm_resume_keeps(const mdm_resume *r);

#endif
