#include "client/formats/pskc.h"

#include <string.h>

#include "client/formats/names.h"
#include "client/formats/number.h"
#include "client/formats/refusal.h"
#include "client/formats/xmlenc.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

bool pskc_detect(struct bytes file)
{
	return xml_begins(file, "KeyContainer");
}

struct container {
	struct import *import;
	struct buffer key, mac_key; /* owned; empty: nothing is encrypted */
	struct bytes mac_method;    /* empty: values have no MAC */
	size_t opened, closed;	    /* values that the key fits, or not */
};

static void container_deinit(struct container *c)
{
	buffer_free(&c->key);
	buffer_free(&c->mac_key);
}

static int refuse(struct fault *fault, const char *field, const char *why)
{
	*fault = (struct fault){ field, why };
	return ENTRY_ERR_INVALID;
}

/* --- encryption ------------------------------------------------------------- */

static int open_keys(struct container *c, const struct xml *root)
{
	const struct xml *method = xml_child(root, "MACMethod");
	const struct xml *mac_key = xml_child(method, "MACKey");
	struct bytes password;
	int r = import_password(c->import, &password);

	if (r != 0)
		return r;
	r = xmlenc_key(xml_child(root, "EncryptionKey"), password, &c->key);
	if (r == 0 && mac_key)
		r = xmlenc_open(buffer_bytes(&c->key), mac_key, &c->mac_key);
	c->mac_method = xml_attribute(method, "Algorithm");
	return r ? refusal_crypt(c->import, "EncryptionKey", r) : 0;
}

/* 0, -ENOMEM or CRYPT_ERR_*. */
static int open_value(struct container *c, const struct xml *value,
		      struct buffer *ret)
{
	AUTO_BUFFER struct buffer sealed = { 0 }, mac = { 0 };
	const struct xml *encrypted = xml_child(value, "EncryptedValue");
	struct bytes key = buffer_bytes(c->mac_key.p ? &c->mac_key : &c->key);
	int r;

	if (c->mac_method.n > 0) {
		r = xmlenc_sealed(encrypted, &sealed);
		if (r == 0)
			r = buffer_base64(
				&mac, xml_text(xml_child(value, "ValueMAC")));
		if (r == 0)
			r = xmlenc_verify(c->mac_method, key,
					  buffer_bytes(&sealed),
					  buffer_bytes(&mac));
		if (r != 0)
			return r;
	}
	return xmlenc_open(buffer_bytes(&c->key), encrypted, ret);
}

static int take_sealed(struct container *c, const struct xml *value,
		       struct entry *entry, struct fault *fault)
{
	AUTO_BUFFER struct buffer secret = { 0 };
	int r = open_value(c, value, &secret);

	if (r < 0)
		return r;
	if (r != 0) {
		c->closed++;
		return refuse(fault, "secret", "does not open");
	}
	c->opened++;
	return entry_set_secret(entry, buffer_bytes(&secret), fault);
}

/* --- keys ----------------------------------------------------------------------- */

static int take_secret(struct container *c, const struct xml *data,
		       struct entry *entry, struct fault *fault)
{
	AUTO_BUFFER struct buffer secret = { 0 };
	const struct xml *value = xml_child(data, "Secret");
	const struct xml *plain = xml_child(value, "PlainValue");
	int r;

	if (!plain && xml_child(value, "EncryptedValue"))
		return take_sealed(c, value, entry, fault);
	if (!plain)
		return refuse(fault, "secret", "is missing");
	r = buffer_base64(&secret, xml_text(plain));
	if (r > 0)
		return refuse(fault, "secret", "is not base64");
	return r ? r : entry_set_secret(entry, buffer_bytes(&secret), fault);
}

/* "urn:ietf:params:xml:ns:keyprov:pskc:totp"; drafts had a "#" in it. */
static int take_type(const struct xml *key, struct entry *entry,
		     struct fault *fault)
{
	struct bytes name = xml_attribute(key, "Algorithm");

	for (size_t i = name.n; i > 0; i--) {
		if (name.p[i - 1] != ':' && name.p[i - 1] != '#')
			continue;
		name = (struct bytes){ name.p + i, name.n - i };
		break;
	}
	entry->type = names_type(name);
	if (entry->type == FOB__OTP_TYPE__TOTP ||
	    entry->type == FOB__OTP_TYPE__HOTP)
		return 0;
	return refuse(fault, "type", "is neither HOTP nor TOTP");
}

static uint32_t algorithm_of(struct bytes suite)
{
	static const char *const names[] = { "SHA256", "SHA-256", "SHA512",
					     "SHA-512" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (text_contains(suite, text_of(names[i])))
			return names_algorithm(text_of(names[i]));
	return FOB__ALGORITHM__SHA1;
}

static int take_numbers(const struct xml *key, struct entry *entry,
			struct fault *fault)
{
	const struct xml *parameters = xml_child(key, "AlgorithmParameters");
	const struct xml *format = xml_child(parameters, "ResponseFormat");
	const struct xml *data = xml_child(key, "Data");
	struct bytes encoding = xml_attribute(format, "Encoding");

	if (encoding.n > 0 && !text_same(encoding, text_of("DECIMAL")))
		return refuse(fault, "ResponseFormat", "is not decimal");
	entry->algorithm =
		algorithm_of(xml_text(xml_child(parameters, "Suite")));
	number_take(xml_attribute(format, "Length"), &entry->digits);
	if (entry->type == FOB__OTP_TYPE__TOTP)
		number_take(xml_text(xml_find(data, "TimeInterval/PlainValue")),
			    &entry->period);
	else if (!number_counter(xml_text(xml_find(data, "Counter/PlainValue")),
				 &entry->counter))
		return refuse(fault, "counter", "is not a number");
	return 0;
}

/* The first of them that is there. */
static struct bytes first_of(struct bytes a, struct bytes b)
{
	return a.n > 0 ? a : b;
}

static int take_names(const struct xml *package, const struct xml *key,
		      struct entry *entry, struct fault *fault)
{
	const struct xml *device = xml_child(package, "DeviceInfo");
	struct bytes account = xml_attribute(key, "Id");
	int r;

	account = first_of(xml_text(xml_child(device, "SerialNo")), account);
	account = first_of(xml_text(xml_child(device, "UserId")), account);
	account = first_of(xml_text(xml_child(key, "UserId")), account);
	account = first_of(xml_text(xml_child(key, "FriendlyName")), account);
	r = entry_set(entry, ENTRY_ISSUER,
		      first_of(xml_text(xml_child(key, "Issuer")),
			       xml_text(xml_child(device, "Manufacturer"))),
		      fault);
	return r ? r : entry_set(entry, ENTRY_ACCOUNT, account, fault);
}

static int read_key(struct container *c, const struct xml *package,
		    const struct xml *key)
{
	AUTO_ENTRY struct entry entry;
	struct fault fault = { NULL, NULL };
	int r;

	entry_init(&entry);
	r = take_names(package, key, &entry, &fault);
	if (r == 0)
		r = take_type(key, &entry, &fault);
	if (r == 0)
		r = take_numbers(key, &entry, &fault);
	if (r == 0)
		r = take_secret(c, xml_child(key, "Data"), &entry, &fault);
	entry_settle(&entry);
	return import_take(c->import, key->line, &entry, r, fault);
}

static int read_all(struct container *c, const struct xml *root)
{
	int r = 0;

	for (const struct xml *p = xml_child(root, "KeyPackage"); p;
	     p = xml_next(p, "KeyPackage"))
		for (const struct xml *k = xml_child(p, "Key"); k && r == 0;
		     k = xml_next(k, "Key"))
			r = read_key(c, p, k);
	if (r == 0 && c->closed > 0 && c->opened == 0)
		return import_wrong(c->import);
	if (r == 0 && c->opened > 0 && c->mac_method.n == 0)
		r = import_warn(c->import, 0,
				"nothing in the file proves that the key was "
				"right: compare a code with the token's");
	return r;
}

/* RFC 6030 section 4: a reader of 1.x takes no other. */
static bool newer(const struct xml *root)
{
	struct bytes version = xml_attribute(root, "Version");

	return version.n > 0 && version.p[0] != '1';
}

int pskc_read(struct bytes file, struct import *import)
{
	AUTO_XML struct xml *root = NULL;
	CLEANUP(container_deinit) struct container c = { .import = import };
	int r = xml_read(file, import, &root);

	if (r != 0)
		return r;
	if (newer(root))
		return refusal_line(import, root->line, 1,
				    "Version: the file is of a newer PSKC than "
				    "1.0, which is all that is known here");
	if (!xml_child(root, "KeyPackage"))
		return import_fail(import, "the file has no KeyPackage");
	if (xml_child(root, "EncryptionKey"))
		r = open_keys(&c, root);
	return r ? r : read_all(&c, root);
}
