#include "client/fido/device.h"

#include <stdio.h>

static void fill(struct device *ret, const fido_dev_info_t *info)
{
	const char *maker = fido_dev_info_manufacturer_string(info);
	const char *product = fido_dev_info_product_string(info);
	const char *path = fido_dev_info_path(info);

	snprintf(ret->path, sizeof(ret->path), "%s", path ? path : "");
	snprintf(ret->name, sizeof(ret->name), "%s%s%s", maker ? maker : "",
		 maker && product ? " " : "", product ? product : "");
}

int device_list(struct device ret[static FIDO2_KEYS_MAX], size_t *ret_n)
{
	fido_dev_info_t *list = fido_dev_info_new(FIDO2_KEYS_MAX);
	size_t n = 0;
	int r;

	if (!list)
		return FIDO_ERR_INTERNAL;
	r = fido_dev_info_manifest(list, FIDO2_KEYS_MAX, &n);
	for (size_t i = 0; r == FIDO_OK && i < n; i++)
		fill(&ret[i], fido_dev_info_ptr(list, i));
	fido_dev_info_free(&list, FIDO2_KEYS_MAX);
	if (r == FIDO_OK)
		*ret_n = n;
	return r;
}

int device_open(const struct device *device, fido_dev_t **ret)
{
	fido_dev_t *dev = fido_dev_new();
	int r;

	if (!dev)
		return FIDO_ERR_INTERNAL;
	r = fido_dev_open(dev, device->path);
	if (r == FIDO_OK)
		*ret = dev;
	else
		fido_dev_free(&dev);
	return r;
}
