#include "tests/lib/version.h"

#include <string.h>

void version_init(struct version *v)
{
	memset(v, 0, sizeof(*v));
	fob__plain__init(&v->plain);
	fob__otp__init(&v->otp);
	v->plain.fields = v->field_list;
	v->otp.live = v->live_list;
	v->otp.gone = v->gone_list;
}

static ProtobufCBinaryData id_of(struct version *v, uint8_t byte)
{
	uint8_t *id = v->ids[v->n_ids++];

	memset(id, byte, VID_SIZE);
	return (ProtobufCBinaryData){ VID_SIZE, id };
}

static ProtobufCBinaryData data_of(const char *text)
{
	return (ProtobufCBinaryData){ strlen(text),
				      (uint8_t *)(uintptr_t)text };
}

Fob__Field *version_field(struct version *v, const char *key, const char *value,
			  uint64_t stamp, uint8_t device)
{
	Fob__Field *field = &v->fields[v->plain.n_fields];

	REQUIRE(v->plain.n_fields < VERSION_FIELDS);
	fob__field__init(field);
	field->key = (char *)(uintptr_t)key;
	field->value = data_of(value);
	field->stamp = stamp;
	field->device = id_of(v, device);
	v->field_list[v->plain.n_fields++] = field;
	return field;
}

Fob__OtpValue *version_live(struct version *v, uint8_t vid, const char *secret,
			    uint64_t counter)
{
	Fob__OtpValue *value = &v->live[v->otp.n_live];

	REQUIRE(v->otp.n_live < VERSION_LIVE);
	fob__otp_value__init(value);
	value->vid = id_of(v, vid);
	value->type = FOB__OTP_TYPE__HOTP;
	value->algorithm = FOB__ALGORITHM__SHA1;
	value->digits = 6;
	value->secret = data_of(secret);
	value->counter = counter;
	v->live_list[v->otp.n_live++] = value;
	v->plain.otp = &v->otp;
	return value;
}

Fob__Gone *version_gone(struct version *v, uint8_t vid, uint64_t stamp)
{
	Fob__Gone *gone = &v->gone[v->otp.n_gone];

	REQUIRE(v->otp.n_gone < VERSION_GONE);
	fob__gone__init(gone);
	gone->vid = id_of(v, vid);
	gone->stamp = stamp;
	v->gone_list[v->otp.n_gone++] = gone;
	v->plain.otp = &v->otp;
	return gone;
}

struct bytes version_bytes(struct version *v)
{
	size_t n = fob__plain__get_packed_size(&v->plain);

	REQUIRE(n <= sizeof(v->bytes));
	fob__plain__pack(&v->plain, v->bytes);
	return (struct bytes){ v->bytes, n };
}
