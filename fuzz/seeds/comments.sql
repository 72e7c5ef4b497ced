-- c4c0
/* a /* b */ c */ SELECT has_table('a'); -- it's
/**/ SELECT /*/ has_table('b') */ has_table('c') */**/; --
/* '; */ SELECT has_view('v') -- /* not one
; /***/ /* * / */ SELECT 1 -/-/**/2;
/* open /* twice */
