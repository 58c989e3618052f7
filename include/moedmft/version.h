/* What was built: fixed at build time. */
#ifndef MOEDMFT_VERSION_H
#define MOEDMFT_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

const char *mdm_version(void);  /* "0.1.0" */
const char *mdm_commit(void);   /* git commit of the source, or "unknown" */
int mdm_dirty(void);            /* 1 when tracked files differed from that commit */
const char *mdm_sources(void);  /* 16 hexadecimal digits: SHA-256 over sources and compiler flags, which tells builds of one commit apart */
const char *mdm_compiler(void); /* "gcc 12.2.0" … */
const char *mdm_blas(void);     /* OpenBLAS version and the kernel chosen at run time */

#ifdef __cplusplus
}
#endif
#endif
