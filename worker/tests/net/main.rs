//! Networks: readers, shapes and CPU twins against ONNX Runtime (`fixtures.py` makes the files), and against hostile files.

mod container;
mod facts;
mod families;
mod hostile;
mod layers;
mod operators;
