
BlogitsJ(wg¡?™i¿®tq>vg4¾2K¾NÙ*¿Ìc—?OÔÐ>?ë8?48?