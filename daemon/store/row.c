#include "daemon/store/row.h"

#include <sodium.h>
#include <string.h>

static const uint8_t magic[8] = { 'f', 'o', 'b', ' ', 's', 't', 'o', 'r' };

bool row_summed(enum table table)
{
	return table != TABLE_ITEM && table != TABLE_BLOB;
}

bool row_key_ok(enum table table, struct bytes key)
{
	switch (table) {
	case TABLE_ITEM:
	case TABLE_BLOB:
	case TABLE_HOLDER:
		return key.n == 4;
	case TABLE_STATUS:
		return key.n == DEVICE_ID_SIZE;
	case TABLE_LOCAL:
		return key.n > 0 && key.n <= TABLE_KEY_MAX;
	}
	return false;
}

void row_sum(uint8_t ret_sum[static ROW_SUM], enum table table,
	     struct bytes key, struct bytes value)
{
	crypto_generichash_state state;
	uint8_t hash[32];
	uint8_t prefix[2] = { (uint8_t)table, (uint8_t)key.n };

	REQUIRE(key.n <= TABLE_KEY_MAX);
	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	crypto_generichash_update(&state, prefix, sizeof(prefix));
	crypto_generichash_update(&state, key.p, key.n);
	crypto_generichash_update(&state, value.p, value.n);
	crypto_generichash_final(&state, hash, sizeof(hash));
	memcpy(ret_sum, hash, ROW_SUM);
}

int row_open(enum table table, struct bytes key, struct bytes *value)
{
	uint8_t sum[ROW_SUM];

	if (!row_summed(table))
		return 0;
	if (value->n < ROW_SUM || key.n > TABLE_KEY_MAX)
		return ROW_ERR_DAMAGED;
	struct bytes inner = { value->p, value->n - ROW_SUM };
	row_sum(sum, table, key, inner);
	if (memcmp(sum, inner.p + inner.n, ROW_SUM) != 0)
		return ROW_ERR_DAMAGED;
	*value = inner;
	return 0;
}

static struct bytes format_key(void)
{
	static const uint8_t key[] = ROW_FORMAT_KEY;
	return (struct bytes){ key, sizeof(key) - 1 };
}

void row_format_write(uint8_t ret_value[static ROW_FORMAT_SIZE],
		      uint32_t format)
{
	memcpy(ret_value, magic, sizeof(magic));
	for (int i = 0; i < 4; i++)
		ret_value[8 + i] = (uint8_t)(format >> (24 - 8 * i));
	row_sum(ret_value + 12, 0, format_key(),
		(struct bytes){ ret_value, 12 });
}

int row_format_check(struct bytes value)
{
	uint32_t format = 0;

	if (value.n < sizeof(magic) ||
	    memcmp(value.p, magic, sizeof(magic)) != 0)
		return ROW_ERR_FOREIGN;
	/* A newer format may have a longer row, so its number comes first. */
	for (size_t i = 8; i < 12 && i < value.n; i++)
		format = format << 8 | value.p[i];
	if (value.n != ROW_FORMAT_SIZE)
		return format > STORE_FORMAT ? ROW_ERR_NEWER : ROW_ERR_DAMAGED;
	if (row_open(0, format_key(), &value))
		return ROW_ERR_DAMAGED;
	if (format > STORE_FORMAT)
		return ROW_ERR_NEWER;
	return format == STORE_FORMAT ? 0 : ROW_ERR_DAMAGED;
}
