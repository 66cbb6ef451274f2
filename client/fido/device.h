/*
 * The security keys that are plugged in: which there are, and how one is
 * opened. All that knows where keys are is in here, so that the tests put
 * another in its place, with keys that are made of software.
 */
#ifndef FOB_CLIENT_FIDO_DEVICE_H
#define FOB_CLIENT_FIDO_DEVICE_H

#include <fido.h>

#include "proto/base.h"
#include "proto/limits.h"

struct device {
	char path[256];
	char name[128]; /* maker and product, as the key says: untrusted */
};

/* Fills in at most FIDO2_KEYS_MAX; 0 or one of FIDO_ERR_. */
int device_list(struct device ret[static FIDO2_KEYS_MAX], size_t *ret_n);

/* 0, then *ret is the caller's to close and free; or one of FIDO_ERR_. */
int device_open(const struct device *device, fido_dev_t **ret);

#endif
