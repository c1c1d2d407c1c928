
BlogitsJ(qg¡?‡i¿tq>¢g4¾2K¾HÙ*¿Ðc—?GÔÐ>=ë8?38?