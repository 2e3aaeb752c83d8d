{#
  Deletes leads past their `ttl`, and takes the personal data out of rows whose person had it erased.
  Run it after each load: `dbt run-operation seeker_leads_retention`.
  It keeps no evidence and asks no API; `seeker-leads retention apply` does.
#}
{% macro seeker_leads_retention() %}
    {%- set leads = source('seeker_leads', 'leads') -%}
    {%- set ns = namespace(now='now()', is_erased=none, nulled=[], call=none) -%}
    {%- for column in adapter.get_columns_in_relation(leads) -%}
        {%- set name = column.name | lower | replace('_', '') -%}
        {%- if name == 'ttl' and column.dtype == 'timestamp without time zone' -%}
            {%- set ns.now = "now() at time zone 'utc'" -%}
        {%- elif name == 'iserased' -%}
            {%- set ns.is_erased = column.quoted -%}
        {%- elif name.startswith('contactrequest') or name == 'extra' or (column.name | lower).startswith('extra__')
                or (name.startswith('calldetails') and 'seekerphonenumber' in name) -%}
            {%- do ns.nulled.append(column.quoted) -%}
        {%- elif name == 'calldetails' and column.dtype == 'jsonb' -%}
            {%- set ns.call = column.quoted -%}
        {%- elif name == 'calldetails' -%}
            {#- A type in which one member cannot be changed: the object goes as a whole. -#}
            {%- do ns.nulled.append(column.quoted) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set changes = [] -%}
    {%- set left = [] -%}
    {%- for name in ns.nulled -%}
        {%- do changes.append(name ~ ' = null') -%}
        {%- do left.append(name ~ ' is not null') -%}
    {%- endfor -%}
    {%- if ns.call -%}
        {%- do changes.append(ns.call ~ ' = jsonb_set(' ~ ns.call ~ ", '{seekerPhoneNumber}', 'null', false)") -%}
        {%- do left.append(ns.call ~ " ->> 'seekerPhoneNumber' is not null") -%}
    {%- endif -%}
    {%- set statements %}
        begin;
        delete from {{ leads }} where ttl <= {{ ns.now }};
        {%- if ns.is_erased and changes %}
        update {{ leads }} set {{ changes | join(', ') }} where {{ ns.is_erased }} and ({{ left | join(' or ') }});
        {%- endif %}
        commit;
    {% endset -%}
    {%- do run_query(statements) -%}
    {%- do log('Retention was applied to ' ~ leads, info=true) -%}
{% endmacro %}
