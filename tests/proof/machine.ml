(* x86_64 with gcc -funsigned-char, as char is on ARM: there bytes, text and what void * names are one type to the prover,
   so that it needs no pointer casts, about which it knows nothing. *)
let () = File.new_machdep "x86_64_uchar" { Machdeps.gcc_x86_64 with Cil_types.char_is_unsigned = true }
