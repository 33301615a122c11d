-- Of a reply: how many tokens of input its provider counted in its last call, in thousandths of the estimate. Null where
-- it did not say, or the prompt was short.
alter table messages add column input_ratio bigint;
