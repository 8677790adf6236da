/* SPDX-License-Identifier: MIT */
/* Where a statement ends, by its tokens alone. */
#include "lang/extent.h"

bool extent_continues(enum token_kind kind)
{
	return kind == TOKEN_COMMA || kind == TOKEN_ASSIGN || (kind >= TOKEN_MUL && kind <= TOKEN_LOGOR);
}

static void close(unsigned *open)
{
	if (*open > 0)
		--*open;
}

void extent_add(struct extent *extent, const char *line, size_t len)
{
	struct lexer lexer;
	struct token token;

	/* The page size makes no difference to where tokens end. */
	lexer_init(&lexer, line, len, 1);
	for (lexer_next(&lexer, &token); token.kind != TOKEN_END; lexer_next(&lexer, &token)) {
		extent->any = true;
		extent->continued = extent_continues(token.kind);
		if (token.kind == TOKEN_LBRACE)
			extent->blocks++;
		else if (token.kind == TOKEN_RBRACE)
			close(&extent->blocks);
		else if (token.kind == TOKEN_LPAREN || token.kind == TOKEN_LBRACKET)
			extent->brackets++;
		else if (token.kind == TOKEN_RPAREN || token.kind == TOKEN_RBRACKET)
			close(&extent->brackets);
	}
}

bool extent_is_open(const struct extent *extent)
{
	return extent->blocks > 0 || extent->brackets > 0 || extent->continued;
}
